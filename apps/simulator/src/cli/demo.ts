import { Addresses, type Environment, OperatorConfig, readConfig } from '@biz/platform';
import { until } from '../plays/until';
import type { ScenarioShown } from '../scenarios/scenario-shown.dto';
import type { ScenarioKind } from '../scenarios/scenario-kinds';
import { type DeliveredEvent, SimulatorClient } from './client';
import { cut, paint, tellVerdict, won } from './story';

interface Act {
  title: string;
  kind: ScenarioKind;
  options?: Record<string, unknown>;
  outcome: string;
  /** What the shop must have received. */
  events: string[];
  /** Won the shop must keep. */
  kept?: number;
  /** Given back by an operator afterwards: the mugs are few, and the demo may be run again. */
  refund?: boolean;
}

/** A buyer who comes again, in each run of the demo too. */
const REGULAR = '7002';

/** Every plugin of the guide, with what demo shop sells (contract, section 11). */
export const ACTS: Act[] = [
  {
    title: '개인정보이용: name, phone and address',
    kind: 'profile',
    outcome: 'delivered',
    events: ['profile.received'],
  },
  { title: '위치전송: where the user is', kind: 'location', outcome: 'delivered', events: ['location.received'] },
  {
    title: '위치전송: no location can be given',
    kind: 'location',
    options: { shape: 'unavailable' },
    outcome: 'unavailable',
    events: ['location.unavailable'],
  },
  {
    title: '이미지보안전송: two pictures, six files',
    kind: 'image',
    options: { count: 2 },
    outcome: 'delivered',
    events: ['image.received'],
  },
  {
    title: '옵션선택 (조합형): the guide’s own product 10013529',
    kind: 'option',
    options: { productId: '10013529' },
    outcome: 'chosen',
    events: ['option.selected'],
  },
  {
    title: '옵션선택 (비커머스형): a survey',
    kind: 'option',
    options: { productId: 'survey' },
    outcome: 'chosen',
    events: ['option.selected'],
  },
  {
    title: '옵션선택 (커머스형): a mug',
    kind: 'option',
    options: { productId: 'mug' },
    outcome: 'chosen',
    events: ['option.selected'],
  },
  {
    title: '원클릭결제: iced americano and more',
    kind: 'payment',
    options: { orderSheetId: 'sheet-coffee', appUserId: REGULAR },
    outcome: 'paid',
    events: ['payment.paid'],
    kept: 13_500,
  },
  {
    title: '원클릭결제: the same buyer, the same order sheet once more (repeatable)',
    kind: 'payment',
    options: { orderSheetId: 'sheet-coffee', appUserId: REGULAR },
    outcome: 'paid',
    events: ['payment.paid'],
    kept: 13_500,
  },
  {
    title: '원클릭결제: a mug to Jeju, 3,000 won more for shipping',
    kind: 'payment',
    options: { orderSheetId: 'sheet-mug', zipCode: '63000' },
    outcome: 'paid',
    events: ['payment.paid'],
    kept: 15_000,
    refund: true,
  },
  {
    title: '원클릭결제: the answer to approve is lost; charged once all the same',
    kind: 'payment',
    options: { orderSheetId: 'sheet-coffee', faults: ['approve-drop-after', 't3-twice'], timeoutSeconds: 40 },
    outcome: 'paid',
    events: ['payment.paid'],
    kept: 13_500,
  },
  {
    title: '원클릭결제: the user gives up',
    kind: 'payment',
    options: { orderSheetId: 'sheet-coffee', faults: ['user-quits'] },
    outcome: 'cancelled',
    events: ['payment.cancelled'],
    kept: 0,
  },
  {
    title: '정기결제: first month free',
    kind: 'subscription',
    options: { orderSheetId: 'sheet-subscription' },
    outcome: 'paid',
    events: ['payment.paid'],
    kept: 0,
  },
  {
    title: '카카오싱크: joins, and leaves again',
    kind: 'sync',
    options: { steps: ['join', 'unlink'] },
    outcome: 'unlinked',
    events: ['member.joined', 'member.unlinked'],
  },
  {
    title: '태스크체인: 카카오싱크 + 옵션선택 + 원클릭결제',
    kind: 'chain',
    options: { productId: 'mug' },
    outcome: 'paid',
    events: ['member.joined', 'option.selected', 'payment.paid'],
    refund: true,
  },
];

const DELIVERY_MS = 20_000;
const SHOWN_FACTS = 150;

interface World {
  client: SimulatorClient;
  sums: { charged: number; refunded: number };
  /** Address of the payment app. */
  payment: string;
  operatorToken: string;
}

/** `npm run demo`: drives every plugin of a running platform. @returns the exit code */
export async function demo(env: Environment): Promise<number> {
  const addresses = readConfig(Addresses, env);
  const client = new SimulatorClient(addresses.baseUrl('simulator'));
  if (!(await client.answers())) {
    console.error(`No simulator answers at ${client.url}. Start the platform first: npm start`);
    return 1;
  }
  console.log(
    paint.bold('\nEvery plugin of the guide, through real HTTP') + paint.dim(`  (timelines: ${client.url})\n`),
  );
  let asItShould = 0;
  const sums = { charged: 0, refunded: 0 };
  const world: World = {
    client,
    sums,
    payment: addresses.baseUrl('payment'),
    operatorToken: readConfig(OperatorConfig, env).token,
  };
  for (const [at, act] of ACTS.entries()) {
    console.log(paint.bold(`${String(at + 1).padStart(2)}. ${act.title}`));
    const scenario = await client.run(act.kind, { timeoutSeconds: 20, ...act.options });
    const problems = await judge(world, act, scenario);
    if (problems.length === 0) asItShould += 1;
    for (const problem of problems) console.log(paint.bad(`    ✕ ${problem}`));
    console.log('');
  }
  const all = asItShould === ACTS.length;
  console.log(`KakaoPay's ledger: charged ${won(sums.charged)}, refunded ${won(sums.refunded)}.`);
  const summary = `${asItShould} of ${ACTS.length} ended as they should.`;
  console.log(all ? paint.good(`✓ ${summary}\n`) : paint.bad(`✕ ${summary}\n`));
  return all ? 0 : 1;
}

async function judge(world: World, act: Act, scenario: ScenarioShown): Promise<string[]> {
  const { client, sums } = world;
  const { verdict, facts, timeline } = scenario;
  const calls = timeline.reduce((count, step) => count + step.times, 0);
  console.log(`    ${tellVerdict(scenario)}${paint.dim(` (${calls} calls)`)}`);
  const problems = (verdict?.violations ?? []).map(({ rule, message }) => `${rule}: ${message}`);
  if (verdict?.outcome !== act.outcome) problems.push(`it ended as ${verdict?.outcome ?? '?'}, not ${act.outcome}`);

  const received = await deliveries(client, act, scenario);
  for (const { type, data, verified } of received) {
    console.log(`    the shop received ${paint.bold(type)} ${paint.dim(cut(summaryOf(data), SHOWN_FACTS))}`);
    if (!verified) problems.push(`the signature of ${type} is wrong`);
  }
  for (const type of act.events) {
    if (!received.some((event) => event.type === type)) problems.push(`the shop received no ${type}`);
  }
  const { partnerOrderId } = facts;
  if (typeof partnerOrderId === 'string') {
    const { kept } = (await client.ledger(partnerOrderId)).sums;
    if (act.kept !== undefined && kept !== act.kept) problems.push(`the shop keeps ${won(kept)}, not ${won(act.kept)}`);
    if (act.refund) problems.push(...(await refund(world, partnerOrderId)));
    const ledger = (await client.ledger(partnerOrderId)).sums;
    sums.charged += ledger.charged;
    sums.refunded += ledger.refunded;
    console.log(`    the ledger says charged ${won(ledger.charged)}, refunded ${won(ledger.refunded)}`);
  }
  return problems;
}

/** An operator gives the money back (결제 취소). @returns what went wrong */
async function refund({ client, payment, operatorToken }: World, partnerOrderId: string): Promise<string[]> {
  const response = await fetch(`${payment}/operator/orders/${partnerOrderId}/cancel`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${operatorToken}`,
      'content-type': 'application/json',
      'idempotency-key': `demo-${partnerOrderId}`,
    },
    body: JSON.stringify({ reason: '데모 환불' }),
  });
  if (!response.ok) return [`the operator's refund was answered HTTP ${response.status}`];
  const given = await until(async () => (await client.ledger(partnerOrderId)).sums.kept === 0, DELIVERY_MS, 100);
  if (!given) return ['the refund never reached KakaoPay'];
  const told = async (): Promise<boolean> =>
    (await client.events()).some(
      ({ type, data }) => type === 'payment.cancelled' && data.partnerOrderId === partnerOrderId,
    );
  if (!(await until(told, DELIVERY_MS, 100))) return ['the shop received no payment.cancelled after the refund'];
  console.log(`    an operator refunded it, and the shop received ${paint.bold('payment.cancelled')}`);
  return [];
}

/** What the shop received about this scenario, once everything that is expected has come. */
async function deliveries(client: SimulatorClient, act: Act, { facts }: ScenarioShown): Promise<DeliveredEvent[]> {
  const known = new Set<unknown>(
    [facts.relayId, facts.partnerOrderId, facts.userId].filter((each) => each !== undefined),
  );
  let received: DeliveredEvent[] = [];
  const complete = async (): Promise<boolean> => {
    const all = await client.events();
    received = all.filter(({ data }) => Object.values(data).some((value) => known.has(value)));
    return act.events.every((type) => received.some((event) => event.type === type));
  };
  await until(complete, DELIVERY_MS, 100);
  return received;
}

const NOT_SHOWN = new Set([
  'merchant',
  'relayId',
  'id',
  'kind',
  'receivedAt',
  'tid',
  'aid',
  'partnerOrderId',
  'expiresAt',
]);

/** The facts of an event in one line. */
function summaryOf(data: Record<string, unknown>): string {
  const flat = (value: unknown): string => {
    if (Array.isArray(value))
      return value.length > 3 ? `${value.length} × ${flat(value[0])}` : value.map(flat).join(', ');
    if (typeof value !== 'object' || value === null) return String(value);
    return Object.entries(value)
      .filter(([name]) => !NOT_SHOWN.has(name))
      .map(([name, each]) => `${name} ${flat(each)}`)
      .join(' · ');
  };
  return flat(data);
}
