import { course } from '../judge/course';
import { gatherEvidence } from '../judge/evidence';
import { goods } from '../judge/goods';
import { money } from '../judge/money';
import { shop as shopRule } from '../judge/shop';
import { tell } from '../judge/verdict';
import { Lane, ON_HAND, type Bought, type Surroundings } from './lane';
import { nameOf, type Point } from './steps';

/** Two cores: more lanes would only wait for each other. */
const LANES = 3;

interface Journey {
  name: string;
  /** What comes before the steps that are of interest. */
  begin: (lane: Lane) => Promise<Bought>;
  go: (lane: Lane, order: Bought) => Promise<void>;
  ends: 'paid' | 'cancelled';
}

const JOURNEYS: Journey[] = [
  {
    name: 'T2 to S',
    begin: (lane) => lane.order('counter'),
    go: (lane, order) => lane.buy(order),
    ends: 'paid',
  },
  {
    name: 'T2 to S, with work of the shop',
    begin: (lane) => lane.order('workshop'),
    go: (lane, order) => lane.buy(order),
    ends: 'paid',
  },
  {
    name: 'a refund',
    begin: async (lane) => {
      const order = await lane.order('counter');
      await lane.buy(order);
      return order;
    },
    go: (lane, order) => lane.refund(order),
    ends: 'cancelled',
  },
];

export interface CrashReport {
  points: number;
  /** The run took another way and never came by: its end was judged all the same. */
  notReached: string[];
  failures: string[];
}

/** Kills the app at every step of each journey, one life for each, and sees that it ends right all the same. */
export async function crashPoints(surroundings: Surroundings, every: number): Promise<CrashReport> {
  const report: CrashReport = { points: 0, notReached: [], failures: [] };
  const work: (() => Promise<void>)[] = [];
  for (const [number, journey] of JOURNEYS.entries()) {
    const points = await record(surroundings, journey, `crash_${number}_record`);
    console.log(
      `${journey.name}: ${points.length} points\n${points.map((point) => `    ${nameOf(point)}`).join('\n')}`,
    );
    for (const [at, point] of points.entries()) {
      if ((at + number) % every !== 0) continue;
      work.push(async () => {
        report.points += 1;
        const began = Date.now();
        const outcome = await dieAt(surroundings, journey, point, `crash_${number}_${at}`);
        const title = `${journey.name}, killed ${nameOf(point)}`;
        if (outcome.failure !== undefined) report.failures.push(`${title}: ${outcome.failure}`);
        if (!outcome.reached) report.notReached.push(title);
        const word = outcome.failure === undefined ? (outcome.reached ? 'right ' : 'passed') : 'WRONG ';
        console.log(`  ${word} ${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${title}`);
      });
    }
  }
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (let next = work.shift(); next; next = work.shift()) await next();
    }),
  );
  return report;
}

/** Every step of an undisturbed journey. */
async function record(surroundings: Surroundings, journey: Journey, name: string): Promise<Point[]> {
  const lane = await Lane.open(surroundings, name);
  try {
    const order = await journey.begin(lane);
    await lane.dyingAt(undefined, () => journey.go(lane, order));
    return [...lane.steps.seen];
  } finally {
    await lane.close();
  }
}

async function dieAt(
  surroundings: Surroundings,
  journey: Journey,
  point: Point,
  name: string,
): Promise<{ reached: boolean; failure?: string }> {
  const lane = await Lane.open(surroundings, name);
  let reached = false;
  let order: Bought | undefined;
  try {
    const bought = await journey.begin(lane);
    order = bought;
    reached = await lane.dyingAt(point, () => journey.go(lane, bought));
    const failure = await judge(surroundings, lane, bought, journey.ends);
    return { reached, ...(failure !== undefined && { failure }) };
  } catch (error) {
    return {
      reached,
      failure: `${(error as Error).message}\n${order ? await judge(surroundings, lane, order, journey.ends) : ''}`,
    };
  } finally {
    await lane.close();
  }
}

/** The rules of the torture, for one order. @returns what is wrong */
async function judge(
  { kakao, shop }: Surroundings,
  lane: Lane,
  { id, tid }: Bought,
  ends: 'paid' | 'cancelled',
): Promise<string | undefined> {
  const all = await gatherEvidence(lane.reader, { stories: [], initial: { mug: ON_HAND }, kakao, shop });
  const evidence = {
    ...all,
    booked: all.booked.filter((each) => each.tid === tid),
    received: all.received.filter(({ partnerOrderId }) => partnerOrderId === id),
  };
  const broken = [...money(evidence), ...goods(evidence), ...course(evidence), ...shopRule(evidence)];
  const wrong = broken.map(({ rule, what }) => `${rule}: ${what}`);
  const state = evidence.orders[0]?.state;
  if (state !== ends) wrong.push(`the order is ${state ?? 'gone'}`);
  const charges = evidence.booked[0]?.charges ?? [];
  if (charges.length !== 1) wrong.push(`it was charged ${charges.length} times`);
  wrong.push(...evidence.jobs.map(({ name, state: of }) => `a job of ${name} is ${of}`), ...lane.complaints);
  return wrong.length === 0 ? undefined : `${wrong.join('; ')}\n${tell(evidence, id)}`;
}
