import { randomUUID } from 'node:crypto';
import { course } from '../judge/course';
import { gatherEvidence } from '../judge/evidence';
import { goods } from '../judge/goods';
import { money } from '../judge/money';
import { shop as shopRule } from '../judge/shop';
import { tell } from '../judge/verdict';
import { type CrashReport, everyPoint, type Journey, type Life } from './every-point';
import { Lane, ON_HAND, type Bought, type Surroundings } from './lane';
import type { Point } from './steps';

interface Course {
  name: string;
  /** What comes before the steps that are of interest. */
  begin: (lane: Lane) => Promise<Bought>;
  go: (lane: Lane, order: Bought) => Promise<void>;
  ends: 'paid' | 'cancelled';
}

const JOURNEYS: Course[] = [
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

/** The payment app dies at every step of each journey. */
export function crashPoints(surroundings: Surroundings, every: number): Promise<CrashReport> {
  const journeys = JOURNEYS.map((course, number): Journey => ({
    name: course.name,
    go: (point) => live(surroundings, course, point, `crash_${number}`),
  }));
  return everyPoint(journeys, every);
}

async function live(surroundings: Surroundings, course: Course, point: Point | undefined, name: string): Promise<Life> {
  const lane = await Lane.open(surroundings, `${name}_${randomUUID().slice(0, 8)}`);
  let reached = false;
  let order: Bought | undefined;
  const end = (failure: string | undefined): Life => ({
    seen: [...lane.steps.seen],
    reached,
    ...(failure !== undefined && { failure }),
  });
  try {
    const bought = await course.begin(lane);
    order = bought;
    reached = await lane.dyingAt(point, () => course.go(lane, bought));
    return end(await judge(surroundings, lane, bought, course.ends));
  } catch (error) {
    return end(
      `${(error as Error).message}\n${order ? ((await judge(surroundings, lane, order, course.ends)) ?? '') : ''}`,
    );
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
  const all = await gatherEvidence(lane.reader, {
    stories: [],
    initial: { mug: ON_HAND },
    kakao,
    shop,
    withdrawals: [],
  });
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
