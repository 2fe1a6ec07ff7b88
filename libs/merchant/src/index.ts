export { Clock, newId, Outbound, provideConfig, Variable, Vault } from '@biz/platform';
export type { CheckedConfig, Outcome, OutboundRequest, SchemaOwner } from '@biz/platform';
export { isCalendarDay } from './definition/calendar-day';
export { choice, choices, combination, date, integer, numbers, text } from '@biz/commerce';
export type { OptionInput, Product, ProductGroup, ProductOption, Question, Sku } from '@biz/commerce';
export type { ProductAgreement, ShippingArea, ShippingRule } from '@biz/commerce';
export { SHOP_WORKERS, ShopBusy, ShopCalls, ShopLate } from './calls/shop-calls';
export {
  defineMerchant,
  IMAGE_QUOTA_BYTES,
  PLUGIN_KINDS,
  PROFILE_SCOPES,
  SCENARIOS,
} from './definition/merchant-definition';
export type {
  CollectingPlugin,
  ImagePlugin,
  KakaoApp,
  LocationPlugin,
  MerchantDefinition,
  MerchantPlugins,
  OptionPlugin,
  OptionType,
  PaymentPlugin,
  PaymentType,
  PluginKind,
  PluginRegistration,
  ProfilePlugin,
  ProfileScope,
  RegisteredPlugin,
  RelayedPlugin,
  Scenario,
  ShopEndpoints,
  SyncPlugin,
} from './definition/merchant-definition';
export { Deliveries } from './deliveries/deliveries';
export type { NewDelivery, SettledDelivery } from './deliveries/deliveries';
export { EventReceiver, SHOP_EVENT_TYPES } from './events/shop-event';
export type { ShopEvent, ShopEventData, ShopEventType } from './events/shop-event';
export { merchantSchema, merchantSchemas } from './merchant.schema';
export { Goods } from './goods/goods';
export { Fulfilment } from './ports/fulfilment';
export type { PaidOrder, ShippingAddress } from './ports/fulfilment';
export { MemberDirectory } from './ports/member-directory';
export type { JoiningCustomer, MemberMatch } from './ports/member-directory';
export { OrderPolicy } from './ports/order-policy';
export type { OrderPermission, OrderToPay } from './ports/order-policy';
export { orderSheetFault, vatOf } from './ports/order-sheet-reader';
export { periodOf } from './ports/billing-cycle';
export type { BillingPeriod } from './ports/billing-cycle';
export { endOfPlan, OrderSheetSource } from './ports/order-sheet-source';
export type {
  Buyer,
  OrderAgreement,
  OrderLine,
  OrderSheet,
  PlanEnd,
  ScheduledCharge,
  SubscriptionPlan,
} from './ports/order-sheet-source';
export { ProductSource } from './ports/product-source';
export { ShopAnswerRefused } from './ports/shop-answer-refused';
export { ShopConfig } from './ports/shop.config';
export { applicationForms } from './application/application-form';
export type { ApplicationForm } from './application/application-form';
export { launchOf, LaunchRefused } from './launch/launch';
export type { AlimtalkButton, Launch, LaunchOrder, SkillButton } from './launch/launch.dto';
export { Merchants, readMerchants } from './registry/merchants';
export type { Merchant, Port } from './registry/merchant';
export { contractOf } from './registry/merchant-secrets';
export type { MerchantSecrets } from './registry/merchant-secrets';
export { MerchantsModule } from './registry/merchants.module';
export type { Relay, RelayState } from './relay/relay';
export { RelayIds, RelayOrderError } from './relay/relay-ids';
export type { IssuedRelayId } from './relay/issued-relay.dto';
export type { RelayOrder } from './relay/relay-ids';
export {
  AppUserId,
  appUserIdOf,
  CurrentMerchant,
  CurrentRelay,
  KakaoController,
  merchantOf,
  RelayId,
  sentRelayIdOf,
} from './routing/kakao.controller';
export { CurrentRegistration, registrationOfCall } from './routing/current-registration';
export type { KakaoRequest } from './routing/kakao-check';
export { KakaoCheck, KeylessPaths, OpenedByCustomers } from './routing/kakao-check';
export { KakaoAddresses, keyedBase } from './routing/kakao-addresses';
export type { PathKeyKind } from './registry/path-keys';
