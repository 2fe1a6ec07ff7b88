import { KakaoAnswer } from '@biz/platform';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { plainToInstance, Transform } from 'class-transformer';
import {
  IsDefined,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

/** No control characters: PostgreSQL stores no NUL, and no id of Kakao's holds any. */
const PRINTABLE = /^\P{Cc}+$/u;

/** T1 주문생성 API, what Kakao asks (guide 6.2.1). */
export class OrderSheetQuery {
  /** Order sheet or cart id (주문서, 또는 장바구니 아이디); in a task chain the draft id of option T2. */
  @ApiProperty({ example: 'sheet-coffee' })
  @IsString()
  @Length(1, 200)
  @Matches(PRINTABLE)
  ordersheet_id: string;

  /** Postal code of the address the customer chose (우편번호), for extra shipping fees to remote places (도서산간 배송비). */
  @ApiPropertyOptional({ example: '13494' })
  @IsOptional()
  @IsString()
  @MaxLength(10)
  @Matches(/^[0-9-]*$/)
  zip_code?: string;

  /** The relay id (서비스가 정의한 용도로 사용하는 ID); the header `X-Kakao-Plugin-Relay-Id` wins over it. */
  @ApiPropertyOptional({ example: 'order-20201208-0001' })
  @IsOptional()
  relay_id?: string;
}

/** An agreement the customer sees before paying (OrderAgreement, 동의항목). */
export class OrderAgreementItem {
  /** Providing company (제공회사); for a subscription the company that runs the one-click payment. */
  @ApiProperty({ example: '가맹회사명' })
  company: string;

  /** Title of the terms (약관제목). */
  @ApiProperty({ example: '구매조건 확인 및 결제진행 동의' })
  title: string;

  /** Address of the full text (상세보기 URL). */
  @ApiPropertyOptional({ example: 'https://www.kakao.com' })
  url?: string;
}

/** One charge of a subscription (AutomaticPayment.Details, 정기 결제 상세 내용). */
export class AutomaticPaymentDetail {
  /** Year of the charge (과금 예정연도). */
  @ApiProperty({ type: 'integer', example: 2020 })
  year: number;

  /** Month of the charge (과금 예정월), 1 to 12. */
  @ApiProperty({ type: 'integer', example: 8 })
  month: number;

  /** Day of the charge (과금 예정일). */
  @ApiProperty({ type: 'integer', example: 25 })
  day: number;

  /** Won to be charged (과금 예정금액). */
  @ApiProperty({ type: 'integer', example: 5000 })
  amount: number;
}

/** What a subscription will charge (AutomaticPayment, 정기결제 관련 정보). */
export class AutomaticPayment {
  /** Marketing text (마케팅 문구). */
  @ApiProperty({ example: '첫달만 무료' })
  message: string;

  /** Billing cycle (결제 주기), in the words of the shop: 월, 3개월, 분기, 격주 … */
  @ApiProperty({ example: '월' })
  billing_cycle: string;

  /** Currency as shown (결제 통화). */
  @ApiProperty({ example: '원' })
  currency: string;

  /** The planned charges, the first payment included. */
  @ApiProperty({ type: [AutomaticPaymentDetail] })
  details: AutomaticPaymentDetail[];
}

/** T1 주문생성 API, what the shop answers in `data` (guide 6.2.1). Integers are integers, as the guide's table says. */
export class OrderSheetData {
  /** REST API key of the Kakao Developers app (restApiKey). */
  @ApiProperty({ example: '126dsf341' })
  rest_api_key: string;

  /** KakaoPay's merchant code (가맹점 코드), 10 characters. */
  @ApiProperty({ example: 'TC0ONETIME', maxLength: 10 })
  cid: string;

  /** Key of the merchant code (가맹점 코드 인증키), 24 digits and lower-case letters. */
  @ApiPropertyOptional({ example: 'dfg456fvdsty456dfg456fvd', maxLength: 24 })
  cid_secret?: string;

  /** The shop's order number (가맹점 주문번호). */
  @ApiProperty({ example: '0199c1a2-7c1e-7b3a-9d52-6f0a1b2c3d4e', maxLength: 100 })
  partner_order_id: string;

  /** The shop's member id (가맹점 회원 id). */
  @ApiProperty({ example: '4892761', maxLength: 100 })
  partner_user_id: string;

  /** Name of the goods (상품명); several become `첫 상품 외 N`. */
  @ApiProperty({ example: '아이스 아메리카노 외 1', maxLength: 100 })
  item_name: string;

  /** Code of the goods (상품코드). */
  @ApiPropertyOptional({ example: '345dsf345', maxLength: 100 })
  item_code?: string;

  /** Pieces in all (상품 수량). */
  @ApiProperty({ type: 'integer', example: 2 })
  quantity: number;

  /** Won, shipping included (상품 총액); for a subscription the first charge, which may be 0. */
  @ApiProperty({ type: 'integer', example: 13500 })
  total_amount: number;

  /** Tax-free part in won (상품 비과세 금액). */
  @ApiProperty({ type: 'integer', example: 20 })
  tax_free_amount: number;

  /** Value-added tax in won (상품 부가세 금액); (total − tax free) / 11 rounded half up, unless the shop says otherwise. */
  @ApiProperty({ type: 'integer', example: 1225 })
  vat_amount: number;

  /** Where KakaoPay's success leads (결제 성공시 redirect url): T3, wrapped as the guide's approval_url note says. */
  @ApiProperty({
    example:
      'https://talk-plugin.kakao.com/kakaopay/callback?approval_url=https%3A%2F%2Fpay.shop.example%2Forder%2Fcallback%2Fkey',
    maxLength: 255,
  })
  approval_url: string;

  /** Where the customer's cancellation leads (결제 취소시 redirect url). */
  @ApiProperty({ example: 'https://pay.shop.example/order/cancel/key', maxLength: 255 })
  cancel_url: string;

  /** Where KakaoPay's failure leads (결제 실패시 redirect url). */
  @ApiProperty({ example: 'https://pay.shop.example/order/fail/key', maxLength: 255 })
  fail_url: string;

  /** Agreements (동의항목); always present for a subscription. */
  @ApiPropertyOptional({ type: [OrderAgreementItem] })
  order_agreements?: OrderAgreementItem[];

  /** Whether the customer must give an address (배송지 필요여부); always sent. */
  @ApiProperty({ example: false })
  use_shipping: boolean;

  /** Addresses of the goods (주문서내 상품URL 목록). */
  @ApiPropertyOptional({ type: [String], example: ['https://store.kakao.com/etah/products/15884890'] })
  product_urls?: string[];

  /** The subscription (정기결제 관련 정보), for a subscription only. */
  @ApiPropertyOptional({ type: AutomaticPayment })
  automatic_payment?: AutomaticPayment;
}

export class OrderSheetAnswer extends KakaoAnswer {
  @ApiPropertyOptional({ type: OrderSheetData, description: 'The order, when `status` is 200' })
  data?: OrderSheetData;
}

/** The address the customer chose (ShippingAddress, 배송지정보). At least one of the two postal codes is needed. */
export class PaymentShippingAddress {
  /** Address (주소). */
  @ApiProperty({ example: '경기도 성남시 분당구 판교역로 235' })
  @IsString()
  @MaxLength(500)
  base_address: string;

  /** Rest of the address (상세 주소). */
  @ApiProperty({ example: '에이치스퀘어 엔동 6층' })
  @IsString()
  @MaxLength(500)
  detail_address: string;

  /** Postal code of the old kind (구주소 우편번호), 6 digits. */
  @ApiPropertyOptional({ example: '463400' })
  @ValidateIf(({ post_no, zone_code }: PaymentShippingAddress) => isGiven(post_no) || !isGiven(zone_code))
  @IsString()
  @Length(1, 10)
  post_no?: string;

  /** Postal code of the new kind (신주소 우편번호), 5 digits. */
  @ApiPropertyOptional({ example: '13494' })
  @ValidateIf(({ zone_code }: PaymentShippingAddress) => isGiven(zone_code))
  @IsString()
  @MaxLength(10)
  zone_code?: string;

  /** Who receives it (수령인). */
  @ApiProperty({ example: '수령인' })
  @IsString()
  @MaxLength(200)
  receiver_name: string;

  /** Telephone of the receiver (수령인연락처1). */
  @ApiProperty({ example: '01011112222' })
  @IsString()
  @MaxLength(50)
  receiver_mobile_number: string;
}

/** Fields that make an address. */
const ADDRESS_FIELDS = [
  'base_address',
  'detail_address',
  'post_no',
  'zone_code',
  'receiver_name',
  'receiver_mobile_number',
] as const satisfies (keyof PaymentShippingAddress)[];

/** An address of which no field is given is none: goods that are not sent come with `{}`, too. */
function withoutBlank(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const address = plainToInstance(PaymentShippingAddress, value);
  return ADDRESS_FIELDS.some((field) => isGiven(address[field])) ? address : undefined;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** T2 결제번호저장 및 상품유효성검증 API, what Kakao sends (guide 6.2.1). */
export class ApproveOrderRequest {
  /** The order (주문ID): T1's `partner_order_id`. */
  @ApiProperty({ example: '0199c1a2-7c1e-7b3a-9d52-6f0a1b2c3d4e' })
  @IsString()
  @Length(1, 100)
  partner_order_id: string;

  /** KakaoPay's payment number (결제번호). */
  @ApiProperty({ example: 'T4743235478656123456' })
  @IsString()
  @Length(1, 100)
  @Matches(/^[\x21-\x7e]+$/)
  tid: string;

  /** The address (배송지정보), when the order needs shipping. */
  @ApiPropertyOptional({ type: PaymentShippingAddress })
  @Transform(({ obj }: { obj: { shipping_address?: unknown } }) => withoutBlank(obj.shipping_address))
  @IsOptional()
  @IsObject()
  @ValidateNested()
  shipping_address?: PaymentShippingAddress | null;

  /** The relay id in the body; the header `X-Kakao-Plugin-Relay-Id` wins over it. */
  @ApiPropertyOptional({ example: 'order-20201208-0001' })
  @IsOptional()
  relay_id?: string;
}

/** T3 인증성공 callback, what KakaoPay's success brings to `approval_url`. */
export class PaymentCallbackRequest {
  /** Token that proves the customer's authentication (결제승인 요청을 인증하는 토큰). */
  @ApiProperty({ example: 'e6a1f2c3d4b5a6978812' })
  @IsDefined()
  @IsString()
  @Length(1, 500)
  pg_token: string;

  /** T1's `partner_order_id` (가맹점 주문번호). */
  @ApiPropertyOptional({ example: '0199c1a2-7c1e-7b3a-9d52-6f0a1b2c3d4e' })
  @IsOptional()
  @IsString()
  partner_order_id?: string;

  /** T1's `partner_user_id` (가맹점 회원 id). */
  @ApiPropertyOptional({ example: '4892761' })
  @IsOptional()
  @IsString()
  partner_user_id?: string;
}

/** W waiting, S success, F fail, C cancel (OrderStatus Code). */
export type OrderStatusCode = 'W' | 'S' | 'F' | 'C';

/** T4 주문상태 확인 API, what the shop answers in `data`. */
export class OrderStatusData {
  /**
   * W (진행중) until the shop's own order work is done, then S (성공); F (실패) with `message`; C (취소).
   * Kakao asks every 0.5 s while it is W.
   */
  @ApiProperty({ enum: ['W', 'S', 'F', 'C'], example: 'F' })
  order_status: OrderStatusCode;

  /** Why it failed (주문 실패사유), shown to the customer. */
  @ApiPropertyOptional({ example: '주문 상품이 품절되었습니다.' })
  message?: string;
}

export class OrderStatusAnswer extends KakaoAnswer {
  @ApiPropertyOptional({ type: OrderStatusData, description: 'The state, when `status` is 200' })
  data?: OrderStatusData;
}
