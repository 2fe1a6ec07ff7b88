import { prepared } from '@biz/platform';
import type { EntityManager } from 'typeorm';
import type { Login } from './login.entity';

/**
 * Logins of one merchant that wait for Kakao at a time. Kakao answers within a second, so a campaign of 300 logins a second
 * has some hundreds; each is a row, a job and a call to Kakao, and any caller can invent a code.
 */
const MAX_WAITING = 2_000;
/** An older login waits no longer, whatever its state: its code is dead. */
const WAITING_MS = 15 * 60_000;

/** Correct to within the calls of the same moment, which do not see each other's rows. */
export async function insertUnlessFull(
  manager: EntityManager,
  login: Login,
): Promise<{ isNew: boolean; isFull: boolean }> {
  const { id, merchant, codeKey, relayId, state, belowPathKey, code, verifier, claimedUntil, receivedAt } = login;
  const [row] = await prepared<{ isNew: boolean; isFull: boolean }>(
    manager,
    `WITH waiting AS (
       SELECT count(*) >= $11 AS is_full FROM (
         SELECT FROM sync.logins WHERE merchant = $2 AND state = 'pending' AND received_at > $12 LIMIT $11) AS l
     ), stored AS (
       INSERT INTO sync.logins
         (id, merchant, code_key, relay_id, state, below_path_key, code, verifier, claimed_until, received_at)
       SELECT $1::uuid, $2, $3, $4, $5, $6::boolean, $7, $8, $9::timestamptz, $10::timestamptz FROM waiting WHERE NOT is_full
       ON CONFLICT DO NOTHING RETURNING id
     )
     SELECT is_full AS "isFull", EXISTS (SELECT FROM stored) AS "isNew" FROM waiting`,
    [
      ...[id, merchant, codeKey, relayId, state, belowPathKey, code, verifier, claimedUntil, receivedAt],
      MAX_WAITING,
      new Date(receivedAt.getTime() - WAITING_MS),
    ],
  );
  return row ?? { isNew: false, isFull: false };
}
