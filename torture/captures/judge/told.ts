import type { Received } from '../../world/shop';
import { DELIVERED_TO, LOCATION, SHIPPING_ID } from '../world/facts';
import { type ToldFile, whatIsWrongWithFiles } from './files';
import type { Case } from './case';

/** What the shop is told once of a capture that ended so. */
const TOLD: Record<string, (kind: string) => string> = {
  delivered: (kind) => `${kind}.received`,
  unavailable: () => 'location.unavailable',
  failed: () => 'capture.failed',
  expired: () => 'capture.failed',
};

/** One event by its id, however often it was tried, to the right shop and with the right facts. */
export function whatTheShopWasTold(one: Case): string[] {
  const { row, plan, told, time } = one;
  const type = TOLD[row.state]?.(plan.kind);
  if (type === undefined) return [];
  const idsOf = (those: readonly Received[]): Set<string> => new Set(those.map(({ id }) => id));
  const right = told.filter((each) => each.type === type);
  const count = idsOf(right).size;
  if (count !== 1)
    return row.state === 'delivered'
      ? [`delivered, and the shop has ${count} different events of it`]
      : [`${row.state}, and the shop was told otherwise: ${typesOf(told)}`];
  const others = told.filter((each) => each.type !== type);
  // Data that came after the capture had failed is what counts; without a disturbance nobody gives up so early.
  const changedItsMind = !time && others.every((each) => each.type === 'capture.failed') && idsOf(others).size === 1;
  return [
    ...(others.length > 0 && !changedItsMind ? [`the shop was also told ${typesOf(others)}`] : []),
    ...(new Set(right.map(lasting)).size > 1 ? ['another try told the shop other facts'] : []),
    ...address(one, told),
    ...content(one, right.at(-1)?.data ?? {}),
  ];
}

const typesOf = (told: readonly Received[]): string =>
  [...new Set(told.map(({ type }) => type))].join(', ') || 'nothing';

/** The facts without the links, which each try makes anew. */
function lasting({ data }: Received): string {
  return JSON.stringify(data, (name, value: unknown) => (name.startsWith('href') ? undefined : value));
}

function address({ plan }: Case, told: readonly Received[]): string[] {
  const isRight = ({ path, data }: Received): boolean =>
    path === DELIVERED_TO[plan.shop] &&
    data.merchant === plan.shop &&
    data.kind === plan.kind &&
    data.relayId === plan.token;
  return told.every(isRight) ? [] : ['an event went to another shop, or says it is of another'];
}

function content(one: Case, data: Record<string, unknown>): string[] {
  const { row, plan } = one;
  if (row.state === 'unavailable') return [];
  if (row.state !== 'delivered')
    return data.reason === row.failure ? [] : [`${row.failure ?? ''}, and the shop was told ${String(data.reason)}`];
  switch (plan.kind) {
    case 'profile': {
      const { nickname, shippingAddress } = data.profile as { nickname?: string; shippingAddress?: { id?: string } };
      if (nickname !== plan.token) return ['the shop has somebody else’s profile'];
      return shippingAddress?.id === SHIPPING_ID ? [] : [`digits of an id were lost: ${shippingAddress?.id ?? ''}`];
    }
    case 'location': {
      const { detail, latitude, longitude } = data.location as {
        detail?: string;
        latitude?: number;
        longitude?: number;
      };
      if (detail !== plan.token) return ['the shop has somebody else’s location'];
      return latitude === LOCATION.latitude && longitude === LOCATION.longitude ? [] : ['the location is another'];
    }
    case 'image':
      return whatIsWrongWithFiles(one, data.files as ToldFile[]);
  }
}
