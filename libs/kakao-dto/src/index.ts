export { CallbackRequest, LocationCallbackRequest, LocationExtra, LocationService } from './callback.dto';
export { SecureImageAnswer, SecureImageUrl } from './image.dto';
export { LandAddressAnswer, LocationAnswer, RoadAddressAnswer } from './location.dto';
export { ProfileAnswer, ShippingAddressAnswer } from './profile.dto';
