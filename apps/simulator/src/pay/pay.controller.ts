import { ReadsBodies } from '@biz/platform';
import { Body, Controller, Headers, Post } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiResponse, ApiTags } from '@nestjs/swagger';
import { OwnAddress } from '../own-address';
import { SimulatorConfig } from '../simulator.config';
import { Played } from '../wire/played';
import { WireAnswer } from '../wire/wire-answer';
import {
  approveAnswer,
  cancelAnswer,
  errorAnswer,
  orderAnswer,
  readyAnswer,
  sidAnswer,
  subscriptionAnswer,
} from './pay-answers';
import { ApproveRequest, CancelRequest, OrderRequest, ReadyRequest, SidRequest, SubscriptionRequest } from './pay.dto';
import { PayError } from './pay-error';
import { PayRequest } from './pay-request';
import { chargeSubscription } from '../payments/charge-subscription';
import { type Generation, Payments } from '../payments/payments';
import { Subscriptions } from '../payments/subscriptions';

type Fields = Record<string, unknown> | undefined;
type Sent = Record<string, string | undefined>;

/** Each generation says by itself which of the two it wants. */
const AnyBody = (): MethodDecorator => ReadsBodies('application/json', 'application/x-www-form-urlencoded');

/** What both generations share: the paths below the base and the rules. */
@ApiResponse({ status: 200, description: "KakaoPay's answer; dates are Asia/Seoul without an offset" })
@ApiResponse({ status: 400, description: 'Refused: −2, −701 … −799 in the words of the generation' })
@ApiResponse({ status: 401, description: 'Authorization is missing or wrong (−401)' })
abstract class PayRoutes {
  protected abstract readonly generation: Generation;
  protected abstract readonly schemes: readonly string[];
  protected abstract readonly contentType: string;
  protected abstract readonly keys: readonly string[];

  constructor(
    protected readonly config: SimulatorConfig,
    private readonly payments: Payments,
    private readonly subscriptions: Subscriptions,
    private readonly address: OwnAddress,
  ) {}

  /** 결제 준비 (ready): the plugin calls it with the merchant's T1 data. */
  @AnyBody()
  @Post('ready')
  @Played('pay.ready', 'kakaopay', '결제 준비 (ready)')
  @ApiBody({ type: ReadyRequest })
  ready(@Headers() sent: Sent, @Body() body: Fields): unknown {
    return this.answer(sent, body, (request) => readyAnswer(this.payments.ready(request), this.address.origin));
  }

  /** 결제 승인 (approve): charges a payment that the user has authenticated. */
  @AnyBody()
  @Post('approve')
  @Played('pay.approve', 'kakaopay', '결제 승인 (approve)')
  @ApiBody({ type: ApproveRequest })
  approve(@Headers() sent: Sent, @Body() body: Fields): unknown {
    return this.answer(sent, body, (request) => {
      const { payment, action } = this.payments.approve(request, this.generation);
      return approveAnswer(payment, action, this.generation);
    });
  }

  /** 주문 조회 (order): where a payment stands. */
  @AnyBody()
  @Post('order')
  @Played('pay.order', 'kakaopay', '주문 조회 (order)')
  @ApiBody({ type: OrderRequest })
  order(@Headers() sent: Sent, @Body() body: Fields): unknown {
    return this.answer(sent, body, (request) =>
      orderAnswer(this.payments.order(request, this.generation), this.generation),
    );
  }

  /** 결제 취소 (cancel): gives back all or a part. */
  @AnyBody()
  @Post('cancel')
  @Played('pay.cancel', 'kakaopay', '결제 취소 (cancel)')
  @ApiBody({ type: CancelRequest })
  cancel(@Headers() sent: Sent, @Body() body: Fields): unknown {
    return this.answer(sent, body, (request) => {
      const { payment, action } = this.payments.cancel(request, this.generation);
      return cancelAnswer(payment, action);
    });
  }

  /** 정기 결제 요청 (subscription): charges a SID. */
  @AnyBody()
  @Post('subscription')
  @Played('pay.subscription', 'kakaopay', '정기 결제 (subscription)')
  @ApiBody({ type: SubscriptionRequest })
  subscription(@Headers() sent: Sent, @Body() body: Fields): unknown {
    return this.answer(sent, body, (request) => {
      const { payment, action } = chargeSubscription(request, this.payments, this.subscriptions);
      return approveAnswer(payment, action, this.generation);
    });
  }

  /** 정기 결제 비활성화 (inactive): no more charges on a SID. */
  @AnyBody()
  @Post('manage/subscription/inactive')
  @Played('pay.inactive', 'kakaopay', '정기 결제 비활성화 (inactive)')
  @ApiBody({ type: SidRequest })
  inactive(@Headers() sent: Sent, @Body() body: Fields): unknown {
    return this.answer(sent, body, (request) => sidAnswer(this.subscriptions.inactivate(request)));
  }

  /** 정기 결제 상태 조회 (status): whether a SID can be charged. */
  @AnyBody()
  @Post('manage/subscription/status')
  @Played('pay.status', 'kakaopay', '정기 결제 상태 (status)')
  @ApiBody({ type: SidRequest })
  status(@Headers() sent: Sent, @Body() body: Fields): unknown {
    return this.answer(sent, body, (request) => subscriptionAnswer(this.subscriptions.own(request)));
  }

  private answer(sent: Sent, body: Fields, work: (request: PayRequest) => unknown): unknown {
    try {
      const [scheme = '', key = ''] = (sent.authorization ?? '').split(' ', 2);
      const known = this.keys.length === 0 || this.keys.includes(key);
      if (!this.schemes.includes(scheme) || key === '' || !known) throw new PayError(-401);
      if (!(sent['content-type'] ?? '').startsWith(this.contentType)) {
        throw new PayError(-2, undefined, `content-type must be ${this.contentType}`);
      }
      return work(new PayRequest(body ?? {}));
    } catch (error) {
      if (error instanceof PayError) throw new WireAnswer(error.status, errorAnswer(error, this.generation));
      throw error;
    }
  }
}

@ApiTags('kapi.kakao.com: KakaoPay (legacy)')
@ApiConsumes('application/x-www-form-urlencoded')
@ApiHeader({ name: 'Authorization', description: '`KakaoAK {admin key}`', example: 'KakaoAK demo-admin-key' })
@Controller('v1/payment')
export class LegacyPayController extends PayRoutes {
  protected readonly generation = 'legacy';
  protected readonly schemes = ['KakaoAK'];
  protected readonly contentType = 'application/x-www-form-urlencoded';
  protected readonly keys = this.config.adminKeys;
}

@ApiTags('open-api.kakaopay.com: KakaoPay (open)')
@ApiConsumes('application/json')
@ApiHeader({ name: 'Authorization', description: '`SECRET_KEY {secret key}`', example: 'SECRET_KEY demo-secret-key' })
@Controller('online/v1/payment')
export class OpenPayController extends PayRoutes {
  protected readonly generation = 'open';
  protected readonly schemes = ['SECRET_KEY', 'DEV_SECRET_KEY'];
  protected readonly contentType = 'application/json';
  protected readonly keys = this.config.paySecretKeys;
}
