export * from './kakaopay';
export { kakaoPay, KAKAOPAY_PRODUCTION, type KakaoPayApi } from './generations';
export type * from './readers';
export { cancelledOf, meaningOf, type PaymentStatus, type StatusMeaning } from './payment-status';
export {
  approveRefusal,
  cancelRefusal,
  chargeRefusal,
  explainCode,
  type ApproveMeaning,
  type CancelMeaning,
  type ChargeMeaning,
  type ErrorCode,
} from './error-codes';
