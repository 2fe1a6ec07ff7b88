/** KakaoPay's refusals by code (kakaopay.md, "Error codes"). */
const PAY_ERRORS: Record<number, string> = {
  [-1]: 'internal server error',
  [-2]: 'invalid parameter',
  [-401]: 'this access token does not exist',
  [-701]: 'payment authentication is not finished!',
  [-702]: 'payment is already done!',
  [-703]: 'point amount is invalid!',
  [-704]: 'payment method amount is invalid!',
  [-705]: 'payment method is not supported!',
  [-706]: 'partner_order_id is not equal!',
  [-707]: 'partner_user_id is not equal!',
  [-708]: 'invalid pg_token!',
  [-710]: 'cancel amount is larger than the cancelable amount!',
  [-711]: 'cancel tax free or vat amount is larger than the cancelable amount!',
  [-721]: 'invalid tid!',
  [-722]: 'invalid amount!',
  [-723]: 'payment is expired!',
  [-726]: 'invalid order information!',
  [-730]: 'invalid app!',
  [-731]: 'invalid cid!',
  [-733]: 'invalid cid_secret!',
  [-750]: 'sid does not exist!',
  [-751]: 'sid is inactive!',
  [-752]: 'monthly limit of the sid is exceeded!',
  [-753]: 'partner_user_id of the sid is not equal!',
  [-761]: 'phone number is not on KakaoTalk!',
  [-780]: 'approval failure!',
  [-781]: 'cancellation failure!',
  [-782]: 'subscription payment failure!',
  [-783]: 'status is not available for approval!',
  [-784]: 'status is not available for cancellation!',
  [-785]: 'duplicated request!',
  [-797]: 'one time payment limit is exceeded!',
  [-798]: 'ip is not allowed!',
  [-799]: 'site domain is not registered!',
};

export interface PayErrorExtras {
  method_result_code?: string;
  method_result_message?: string;
}

/** A refusal of KakaoPay, before it is put in the words of one API generation. */
export class PayError extends Error {
  readonly status: number;

  constructor(
    readonly code: number,
    readonly extras?: PayErrorExtras,
    detail?: string,
  ) {
    super(detail ? `${PAY_ERRORS[code] ?? 'refused'} (${detail})` : (PAY_ERRORS[code] ?? 'refused'));
    this.status = code === -401 ? 401 : 400;
  }
}
