import { EventSubscriber } from 'typeorm';
import type { EntityManager, EntitySubscriberInterface, QueryRunner, TransactionCommitEvent } from 'typeorm';

const waiting = new WeakMap<QueryRunner, (() => void)[]>();

/**
 * Does something once the caller's transaction has committed; nothing when it is rolled back, or the process ends.
 *
 * A hint to be quick, never the only way to what must happen.
 */
export function afterCommit({ queryRunner }: EntityManager, work: () => void): void {
  if (!queryRunner?.isTransactionActive) throw new Error('outside a transaction nothing is committed');
  const works = waiting.get(queryRunner);
  if (works) works.push(work);
  else waiting.set(queryRunner, [work]);
}

/** Hears of every commit of a data source. */
@EventSubscriber()
export class AfterCommit implements EntitySubscriberInterface {
  afterTransactionCommit({ queryRunner }: TransactionCommitEvent): void {
    // A savepoint was released; the transaction goes on.
    if (queryRunner.isTransactionActive) return;
    const works = waiting.get(queryRunner) ?? [];
    waiting.delete(queryRunner);
    for (const work of works) work();
  }
}
