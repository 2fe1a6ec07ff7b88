import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { parseOwnJson } from '@biz/platform';
import { Faults } from '../faults/faults';
import { SignedImages } from '../images/signed-images';
import { Accounts } from '../login/accounts';
import { Otps } from '../otp/otps';
import { Cids } from '../payments/cids';
import { Ledger } from '../payments/ledger';
import { Payments } from '../payments/payments';
import { Subscriptions } from '../payments/subscriptions';
import { Scenarios } from '../scenarios/scenarios';
import { Inbox } from '../shop/inbox';
import { SimulatedTime } from '../time/simulated-time';
import { type Exchange, Traffic } from '../wire/traffic';
import { toWireJson } from '../wire/wire-json';
import { NewCid, TimeNow, TimeStep } from './workbench.dto';

@ApiTags('Workbench')
@Controller()
export class WorkbenchController {
  private readonly memories: { clear(): void }[];

  constructor(
    private readonly time: SimulatedTime,
    private readonly faults: Faults,
    private readonly traffic: Traffic,
    private readonly cids: Cids,
    otps: Otps,
    images: SignedImages,
    payments: Payments,
    subscriptions: Subscriptions,
    ledger: Ledger,
    accounts: Accounts,
    scenarios: Scenarios,
    inbox: Inbox,
  ) {
    this.memories = [otps, images, payments, subscriptions, ledger, accounts, cids, traffic, scenarios, inbox];
  }

  /** Forgets everything (초기화): payments, OTPs, faults, recorded calls; the clock is right again. */
  @Post('reset')
  @HttpCode(200)
  @ApiOkResponse({ description: 'Forgotten' })
  reset(): { reset: true } {
    for (const memory of this.memories) memory.clear();
    this.faults.removeAll();
    this.time.reset();
    return { reset: true };
  }

  /** Moves the simulator's clock forward, to see things expire without waiting. */
  @Post('time/advance')
  @HttpCode(200)
  @ApiOkResponse({ type: TimeNow })
  advance(@Body() { seconds }: TimeStep): TimeNow {
    this.time.advance(seconds);
    return { now: this.time.now() };
  }

  /** Tells the simulator's time. */
  @Get('time')
  @ApiOkResponse({ type: TimeNow })
  now(): TimeNow {
    return { now: this.time.now() };
  }

  /** Makes KakaoPay know another shop code (가맹점 코드). */
  @Post('cids')
  @HttpCode(200)
  @ApiOperation({ description: 'TC0ONETIME and TCSUBSCRIP are known from the start.' })
  @ApiOkResponse({ type: NewCid })
  addCid(@Body() cid: NewCid): NewCid {
    this.cids.register(cid);
    return cid;
  }

  /** The last calls merchants made to the parts that are played here, oldest first. */
  @Get('traffic')
  @ApiOkResponse({ description: 'Requests and answers as they were on the wire' })
  calls(): Exchange[] {
    return parseOwnJson(toWireJson(this.traffic.list())) as Exchange[];
  }
}
