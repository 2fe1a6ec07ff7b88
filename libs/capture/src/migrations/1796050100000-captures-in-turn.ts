import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Captures are redeemed in turn of their customers; one with a try that failed comes after the first tries of others. */
export class CapturesInTurn1796050100000 implements MigrationInterface {
  readonly name = 'CapturesInTurn1796050100000';

  async up(runner: QueryRunner): Promise<void> {
    // The default is for instances of the version before, which may still store callbacks.
    await runner.query(`ALTER TABLE capture.captures ADD retrying boolean NOT NULL DEFAULT false`);
    await runner.query(`DROP INDEX capture.captures_to_redeem`);
    await runner.query(
      `CREATE INDEX captures_to_redeem ON capture.captures (kind, merchant, retrying, deadline_at, id) WHERE state = 'pending' AND due_at > '-infinity'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX capture.captures_to_redeem`);
    await runner.query(
      `CREATE INDEX captures_to_redeem ON capture.captures (kind, merchant, deadline_at, id) WHERE state = 'pending' AND due_at > '-infinity'`,
    );
    await runner.query(`ALTER TABLE capture.captures DROP retrying`);
  }
}
