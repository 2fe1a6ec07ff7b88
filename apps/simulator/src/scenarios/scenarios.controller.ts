import {
  applyDecorators,
  BadRequestException,
  Body,
  Controller,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Res,
  type Type,
} from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Run } from './run';
import {
  ChainScenario,
  ImageScenario,
  LocationScenario,
  OptionScenario,
  PaymentScenario,
  ProfileScenario,
  type ScenarioOptions,
  SyncScenario,
} from './scenario.dto';
import { ScenarioList, ScenarioShown } from './scenario-shown.dto';
import { FAULTS_OF, type ScenarioKind } from './scenario-kinds';
import { Scenarios } from './scenarios';

type Examples = Record<string, object>;

/** A route that runs one kind of scenario; its examples show the body. */
function Scenario(kind: ScenarioKind, body: Type, description: string, examples: Examples): MethodDecorator {
  const named = Object.entries(examples).map(([summary, value]) => [summary, { summary, value }] as const);
  return applyDecorators(
    Post(kind),
    HttpCode(200),
    ApiOperation({ description: `${description}\n\nFaults: \`${FAULTS_OF[kind].join('`, `')}\`.` }),
    ApiBody({ type: body, required: false, examples: Object.fromEntries(named) }),
    ApiOkResponse({ type: ScenarioShown, description: 'The timeline and its verdict' }),
    ApiResponse({ status: 202, type: ScenarioShown, description: 'Begun; with `wait: false`' }),
    ApiResponse({ status: 400, description: 'A field or fault that this scenario does not know' }),
  );
}

@ApiTags('Scenarios (시나리오)')
@Controller('scenarios')
export class ScenariosController {
  constructor(private readonly scenarios: Scenarios) {}

  /** 개인정보이용: hands over an OTP URL and watches it being redeemed. */
  @Scenario('profile', ProfileScenario, 'Guide 1.2 and 1.3. Ends as delivered, not-redeemed or refused-{status}.', {
    'our own app': {},
    'any server': { target: 'https://shop.example', shape: 'big-ids' },
    'Kakao answers 503 twice': { faults: ['otp-5xx:2'] },
  })
  profile(@Body() options: ProfileScenario, @Res({ passthrough: true }) reply: FastifyReply): Promise<ScenarioShown> {
    return this.run('profile', options, reply);
  }

  /** 위치전송: the same for a location. */
  @Scenario('location', LocationScenario, 'Guide 3.3 and 3.4. Ends as delivered or unavailable.', {
    'with an address': {},
    'no location can be given': { shape: 'unavailable' },
    'no building, so no road address': { shape: 'no-road' },
  })
  location(@Body() options: LocationScenario, @Res({ passthrough: true }) reply: FastifyReply): Promise<ScenarioShown> {
    return this.run('location', options, reply);
  }

  /** 이미지보안전송: the same for pictures, which must be downloaded before they expire. */
  @Scenario('image', ImageScenario, 'Guide 4.3 and 4.4. Ends as delivered or not-downloaded.', {
    'two pictures': { count: 2 },
    'ten large ones': { count: 10, bytes: 5_000_000 },
    'one download breaks off': { faults: ['image-cut'] },
  })
  image(@Body() options: ImageScenario, @Res({ passthrough: true }) reply: FastifyReply): Promise<ScenarioShown> {
    return this.run('image', options, reply);
  }

  /** 옵션선택: T1, a valid choice (or the one given), T2. */
  @Scenario('option', OptionScenario, 'Guide 5.2. Ends as chosen or refused-{status}.', {
    'related options': { productId: '10013529' },
    'every type of answer': { productId: 'survey' },
    'T2 twice': { productId: 'mug', faults: ['t2-twice'] },
  })
  option(@Body() options: OptionScenario, @Res({ passthrough: true }) reply: FastifyReply): Promise<ScenarioShown> {
    return this.run('option', options, reply);
  }

  /** 원클릭결제 (단건): T1, ready, T2, the user pays, T3, T4 until the end; then the ledger is compared. */
  @Scenario('payment', PaymentScenario, 'Guide 6.2. Ends as paid, failed, cancelled, waiting or refused-{status}.', {
    'a coffee': { orderSheetId: 'sheet-coffee' },
    'a coffee of one buyer, again and again': { orderSheetId: 'sheet-coffee', appUserId: '7002' },
    'to Jeju': { orderSheetId: 'sheet-mug', zipCode: '63000' },
    'the answer to approve is lost': { faults: ['approve-drop-after'] },
    'the user gives up': { faults: ['user-quits'] },
  })
  payment(@Body() options: PaymentScenario, @Res({ passthrough: true }) reply: FastifyReply): Promise<ScenarioShown> {
    return this.run('payment', options, reply);
  }

  /** 원클릭결제 (정기): the first payment of a subscription. */
  @Scenario('subscription', PaymentScenario, 'Guide 6.2, automatic_payment. As payment.', {
    'first month free': { orderSheetId: 'sheet-subscription' },
  })
  subscription(
    @Body() options: PaymentScenario,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScenarioShown> {
    return this.run('subscription', options, reply);
  }

  /** 카카오싱크: the redirect with a code, and later events. */
  @Scenario('sync', SyncScenario, 'Guide 2.3. Ends as joined, denied, not-joined, unlinked.', {
    'a new member': {},
    'joins, then leaves': { steps: ['join', 'events', 'unlink'] },
    declines: { faults: ['user-denies'] },
  })
  sync(@Body() options: SyncScenario, @Res({ passthrough: true }) reply: FastifyReply): Promise<ScenarioShown> {
    return this.run('sync', options, reply);
  }

  /** 태스크체인: 카카오싱크, 옵션선택, then 원클릭결제 of the draft. */
  @Scenario('chain', ChainScenario, 'Guide 0.6: T2 of the option plugin gives the `ordersheet_id` of the payment.', {
    'sync, mug, payment': { productId: 'mug' },
    'without sync': { sync: false, productId: 'mug' },
  })
  chain(@Body() options: ChainScenario, @Res({ passthrough: true }) reply: FastifyReply): Promise<ScenarioShown> {
    return this.run('chain', options, reply);
  }

  /** The last scenarios, newest first, without their timelines. */
  @Get()
  @ApiOkResponse({ type: ScenarioList })
  list(): ScenarioList {
    return { items: this.scenarios.list().map((run) => Object.assign(show(run), { timeline: [] })) };
  }

  /** A scenario with its timeline so far. */
  @Get(':id')
  @ApiParam({ name: 'id', description: 'Id of the scenario' })
  @ApiOkResponse({ type: ScenarioShown })
  @ApiResponse({ status: 404, description: 'Forgotten or never run' })
  show(@Param('id') id: string): ScenarioShown {
    const run = this.scenarios.find(id);
    if (!run) throw new NotFoundException('그런 시나리오가 없습니다.');
    return show(run);
  }

  private async run(
    kind: ScenarioKind,
    given: ScenarioOptions | undefined,
    reply: FastifyReply,
  ): Promise<ScenarioShown> {
    const options = given ?? {};
    const foreign = (options.faults ?? []).find(
      (fault) => !FAULTS_OF[kind].some((known) => known === fault.split(':')[0]),
    );
    if (foreign) throw new BadRequestException(`${kind} 시나리오에는 ${foreign} 장애가 없습니다.`);
    const { run, ended } = this.scenarios.start(kind, options);
    if (options.wait === false) void reply.status(202);
    else await ended;
    return show(run);
  }
}

function show({ id, kind, startedAt, endedAt, options, verdict, facts, timeline }: Run): ScenarioShown {
  return {
    id,
    kind,
    state: verdict ? 'done' : 'running',
    startedAt,
    ...(endedAt && { endedAt }),
    options: { ...options },
    ...(verdict && { verdict }),
    facts,
    timeline,
  };
}
