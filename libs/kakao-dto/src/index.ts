export { CallbackRequest, LocationCallbackRequest, LocationExtra, LocationService } from './callback.dto';
export { SecureImageAnswer, SecureImageUrl } from './image.dto';
export { LandAddressAnswer, LocationAnswer, RoadAddressAnswer } from './location.dto';
export { ProfileAnswer, ShippingAddressAnswer } from './profile.dto';
export {
  Option,
  OptionGroup,
  OptionResponse,
  OptionsAnswer,
  OptionSelection,
  OptionSelectionAnswer,
  OptionsQuery,
  OptionSubGroup,
  OptionSubGroupId,
  SelectOption,
} from './option.dto';
export type { OptionType } from './option.dto';
export {
  ApproveOrderRequest,
  OrderSheetAnswer,
  OrderSheetData,
  OrderSheetQuery,
  OrderStatusAnswer,
  OrderStatusData,
  PaymentCallbackRequest,
  PaymentShippingAddress,
} from './payment.dto';
export type { OrderStatusCode } from './payment.dto';
export { SecurityEventRefusal, SyncCallbackAnswer, SyncCallbackQuery, SyncStartQuery, UnlinkRequest } from './sync.dto';
