import type { ApproveOrderRequest, OrderSheetData, OrderStatusData, PaymentShippingAddress } from '@biz/kakao-dto';
import { contractOf, type Merchant, type ShippingAddress } from '@biz/merchant';
import { shortLine } from '@biz/platform';
import type { ToApprove } from '../approval/order-approval';
import type { OrderShown, PlacedOrder } from './orders';

/** T1's answer (guide 6.2.1). */
export function orderSheetOf({ secrets }: Merchant, { order, cid, urls }: PlacedOrder): OrderSheetData {
  const { agreements, productUrls, subscription } = order.terms;
  const { cidSecret } = contractOf(secrets, cid);
  return {
    rest_api_key: secrets.restApiKey,
    cid,
    ...(cidSecret !== undefined && { cid_secret: cidSecret }),
    partner_order_id: order.id,
    partner_user_id: order.appUserId,
    item_name: order.itemName,
    ...(order.itemCode !== null && { item_code: order.itemCode }),
    quantity: order.quantity,
    total_amount: order.totalAmount,
    tax_free_amount: order.taxFreeAmount,
    vat_amount: order.vatAmount,
    approval_url: urls.approvalUrl,
    cancel_url: urls.cancelUrl,
    fail_url: urls.failUrl,
    ...(agreements && { order_agreements: agreements }),
    use_shipping: order.useShipping,
    ...(productUrls && { product_urls: productUrls }),
    ...(subscription && {
      automatic_payment: {
        message: subscription.message,
        billing_cycle: subscription.billingCycle,
        currency: '원',
        details: subscription.details.map(({ date, amount }) => {
          const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
          return { year, month, day, amount };
        }),
      },
    }),
  };
}

/** What T2 asks for (guide 6.2.1). */
export function approvalOf({ partner_order_id, tid, shipping_address }: ApproveOrderRequest): ToApprove {
  return { orderId: partner_order_id, tid, ...(shipping_address && { address: addressOf(shipping_address) }) };
}

function addressOf(given: PaymentShippingAddress): ShippingAddress {
  return {
    baseAddress: given.base_address,
    detailAddress: given.detail_address,
    ...(given.post_no && { postNo: given.post_no }),
    ...(given.zone_code && { zoneCode: given.zone_code }),
    receiverName: given.receiver_name,
    receiverMobileNumber: given.receiver_mobile_number,
  };
}

/** What a buyer is shown of a reason; KakaoPay's and a shop's own words may be longer. */
const MAX_MESSAGE = 200;

/** T4's answer (guide 6.2.1). */
export function orderStatusOf({ shown, message }: OrderShown): OrderStatusData {
  return message === undefined
    ? { order_status: shown }
    : { order_status: shown, message: shortLine(message, MAX_MESSAGE) };
}
