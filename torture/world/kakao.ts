import { createApp } from '@biz/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Faults } from '../../apps/simulator/src/faults/faults';
import { Ledger } from '../../apps/simulator/src/payments/ledger';
import type { Payment, Subscription } from '../../apps/simulator/src/payments/payment';
import { Payments } from '../../apps/simulator/src/payments/payments';
import { Subscriptions } from '../../apps/simulator/src/payments/subscriptions';
import { simulatorApp } from '../../apps/simulator/src/simulator.module';
import { freePort } from '../../scripts/postgres/free-port';

/** What T1 answers. */
export type Sheet = Record<string, string | number | undefined>;

/** What really happened to the money of one tid, whatever anybody was told. */
export interface Booked {
  tid: string;
  partnerOrderId: string;
  status: string;
  /** Won of every charge; a subscription that begins for nothing is a charge of 0. */
  charges: number[];
  refunds: number[];
  /** The SID that a subscription is charged by, which its first payment issued, and how it stands. */
  sid?: Pick<Subscription, 'sid' | 'status'>;
}

/** Kakao and KakaoPay: the simulator in this process, its ledger open to the judge. */
export class Kakao {
  private constructor(
    private readonly app: NestFastifyApplication,
    readonly url: string,
  ) {}

  /** @param tidSeconds how long a tid can be approved */
  static async start(tidSeconds: number): Promise<Kakao> {
    const port = await freePort();
    const app = await createApp(simulatorApp(), {
      env: { SIMULATOR_PORT: String(port), LOG_LEVEL: 'fatal', SIMULATOR_TID_SECONDS: String(tidSeconds) },
    });
    await app.listen(port, '127.0.0.1');
    return new Kakao(app, `http://127.0.0.1:${port}`);
  }

  get faults(): Faults {
    return this.app.get(Faults);
  }

  /** The plugin opens a payment with what T1 answered. @returns the tid */
  async ready(sheet: Sheet): Promise<string> {
    const form = new URLSearchParams();
    for (const name of READY_FIELDS) if (sheet[name] !== undefined) form.set(name, String(sheet[name]));
    const response = await fetch(`${this.url}/v1/payment/ready`, {
      method: 'POST',
      headers: { authorization: 'KakaoAK torture', 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
    });
    const body = (await response.json()) as { tid?: string };
    if (body.tid === undefined) throw new Error(`ready answered ${JSON.stringify(body)}`);
    return body.tid;
  }

  /** What the buyer does on the payment screen. @returns the payment, or nothing when it cannot be done any more */
  user(tid: string, does: 'authenticate' | 'quit' | 'fail'): Payment | undefined {
    try {
      return this.app.get(Payments).user(tid, does);
    } catch {
      return undefined;
    }
  }

  booked(): Booked[] {
    const ledger = this.app.get(Ledger);
    const sids = new Map(
      this.app
        .get(Subscriptions)
        .list()
        .map(({ sid, status }) => [sid, status]),
    );
    return this.app
      .get(Payments)
      .list()
      .map(({ tid, partnerOrderId, status, sid }) => {
        const entries = ledger.find({ tid });
        return {
          tid,
          partnerOrderId,
          status,
          charges: entries.filter(({ type }) => type !== 'CANCEL').map(({ amount }) => amount),
          refunds: entries.filter(({ type }) => type === 'CANCEL').map(({ amount }) => amount),
          ...(sid !== undefined && { sid: { sid, status: sids.get(sid) ?? 'INACTIVE' } }),
        };
      });
  }

  forget(): void {
    this.app.get(Payments).clear();
    this.app.get(Ledger).clear();
    this.app.get(Subscriptions).clear();
    this.faults.removeAll();
  }

  async stop(): Promise<void> {
    await this.app.close();
  }
}

const READY_FIELDS = [
  'cid',
  'partner_order_id',
  'partner_user_id',
  'item_name',
  'item_code',
  'quantity',
  'total_amount',
  'tax_free_amount',
  'vat_amount',
  'approval_url',
  'cancel_url',
  'fail_url',
];

/** Of an address of ours, wrapped or not, what follows the host: the instance that takes it is drawn. */
export function innerPath(url: string): string {
  const outer = new URL(url);
  return new URL(outer.searchParams.get('approval_url') ?? outer.href).pathname;
}
