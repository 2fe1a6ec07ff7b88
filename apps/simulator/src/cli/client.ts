import { Addresses, createApp, type Environment, readConfig } from '@biz/platform';
import { createServer } from 'node:net';
import type { LedgerAnswer } from '../ledger/ledger.dto';
import type { ScenarioShown } from '../scenarios/scenario-shown.dto';
import type { ScenarioKind } from '../scenarios/scenario-kinds';
import { simulatorApp } from '../simulator.module';

export interface DeliveredEvent {
  type: string;
  verified: boolean;
  data: Record<string, unknown>;
}

/** The simulator does not know such a scenario; the message is its own. */
export class ScenarioRefused extends Error {}

/** Talks to a simulator by its API. */
export class SimulatorClient {
  constructor(readonly url: string) {}

  async answers(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/time`, { signal: AbortSignal.timeout(2_000) });
      return response.ok && 'now' in ((await response.json()) as object);
    } catch {
      return false;
    }
  }

  /** @throws ScenarioRefused with the simulator's own words when it does not know the scenario */
  async run(kind: ScenarioKind, options: object): Promise<ScenarioShown> {
    const response = await fetch(`${this.url}/scenarios/${kind}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(options),
    });
    const body = (await response.json()) as ScenarioShown & { message?: string };
    if (response.status === 400) throw new ScenarioRefused(body.message);
    if (!response.ok) throw new Error(body.message ?? `the simulator answered HTTP ${response.status}`);
    return body;
  }

  async events(): Promise<DeliveredEvent[]> {
    return (await this.get<{ items: DeliveredEvent[] }>('/shop/events')).items;
  }

  ledger(partnerOrderId: string): Promise<LedgerAnswer> {
    return this.get(`/ledger?partnerOrderId=${encodeURIComponent(partnerOrderId)}`);
  }

  private async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}${path}`);
    return (await response.json()) as T;
  }
}

/** The simulator that runs already, else one of this process for as long as it is needed. */
export async function simulatorFor(
  env: Environment,
): Promise<{ client: SimulatorClient; own: boolean; close(): Promise<void> }> {
  const addresses = readConfig(Addresses, env);
  const client = new SimulatorClient(addresses.baseUrl('simulator'));
  if (await client.answers()) return { client, own: false, close: () => Promise.resolve() };
  const port = addresses.port('simulator');
  if (!(await isFree(port))) {
    throw new Error(`Port ${port} is taken by something else. Choose another: SIMULATOR_PORT=<port>`);
  }
  const app = await createApp(simulatorApp(), { env: { LOG_LEVEL: 'silent', ...env } });
  await app.listen(port, env.HOST ?? '127.0.0.1');
  const own = new SimulatorClient(`http://127.0.0.1:${port}`);
  return { client: own, own: true, close: () => app.close() };
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
