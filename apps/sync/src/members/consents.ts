import { newId } from '@biz/platform';
import type { EntityManager } from 'typeorm';
import { Consent } from './consent.entity';
import type { ConsentActor } from './consent.entity';
import type { ToldTerms } from './service-terms';

/** The newest turn of each term of a member. */
async function standing(manager: EntityManager, memberId: string): Promise<Consent[]> {
  const history = await manager.find(Consent, { where: { memberId }, order: { id: 'ASC' } });
  return [...new Map(history.map((consent) => [consent.tag, consent])).values()];
}

/**
 * Writes down what changed since the last login: terms agreed to, agreed to again, and those no longer agreed.
 *
 * A withdrawal is a legal act: it is written when Kakao says so, or leaves the term out of a list that is whole.
 */
export async function recordTerms(
  manager: EntityManager,
  memberId: string,
  { terms, isWhole }: ToldTerms,
  now: Date,
): Promise<void> {
  const before = new Map((await standing(manager, memberId)).map((consent) => [consent.tag, consent]));
  const agreed = terms.filter((term) => term.agreed);
  for (const { tag, version, required, agreedAt, byShop } of agreed) {
    const known = before.get(tag);
    const same = known?.action === 'agreed' && (!agreedAt || known.at.getTime() === agreedAt.getTime());
    if (same) continue;
    await add(manager, {
      memberId,
      tag,
      version: version ?? null,
      required: required ?? null,
      action: 'agreed',
      actor: byShop ? 'shop' : 'member',
      at: agreedAt ?? now,
      recordedAt: now,
    });
  }
  const still = new Set(agreed.map(({ tag }) => tag));
  const denied = new Set(terms.filter((term) => !term.agreed).map(({ tag }) => tag));
  const gone = [...before.values()].filter(({ tag }) => (isWhole ? !still.has(tag) : denied.has(tag)));
  await withdraw(manager, gone, 'member', now);
}

/** A membership that ends takes every agreement with it. */
export async function withdrawAll(
  manager: EntityManager,
  memberId: string,
  actor: ConsentActor,
  now: Date,
): Promise<void> {
  await withdraw(manager, await standing(manager, memberId), actor, now);
}

async function withdraw(
  manager: EntityManager,
  consents: readonly Consent[],
  actor: ConsentActor,
  now: Date,
): Promise<void> {
  for (const { tag, version, required, memberId } of consents.filter(({ action }) => action === 'agreed')) {
    await add(manager, { memberId, tag, version, required, action: 'withdrawn', actor, at: now, recordedAt: now });
  }
}

const add = (manager: EntityManager, consent: Omit<Consent, 'id'>): Promise<unknown> =>
  manager.insert(Consent, { ...consent, id: newId() });
