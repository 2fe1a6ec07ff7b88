export { OtpClient, type OtpAnswer } from './otp-client';
export { isImageUrl } from './image-url';
export { isOtpUrl, type OtpKind } from './otp-url';
export { mayHoldData, meaningOf } from './answers/answer';
export { phone as readPhone, UnreadableAnswer } from './answers/fields';
export {
  IMAGE_SIZES,
  readImages,
  type ImageSize,
  type OfferedImage,
  type OfferedImages,
} from './answers/images.reader';
export { LandAddress, ReceivedLocation, RoadAddress } from './answers/location.dto';
export { readLocation } from './answers/location.reader';
export { Phone, ReceivedProfile, ShippingAddress } from './answers/profile.dto';
export { readProfile } from './answers/profile.reader';
