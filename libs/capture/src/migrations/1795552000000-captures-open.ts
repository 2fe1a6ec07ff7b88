import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The indexes of what is open are for whoever looks for work, and for nobody else.
 *
 * They are small, and the planner takes them for empty until it has counted again: who knows an id then read the whole
 * of such an index for it, forty milliseconds with 30,000 files in it. A condition that only claims name keeps them out.
 */
export class CapturesOpen1795552000000 implements MigrationInterface {
  readonly name = 'CapturesOpen1795552000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX capture.captures_to_redeem`);
    await runner.query(
      `CREATE INDEX captures_to_redeem ON capture.captures (kind, merchant, deadline_at, id) WHERE state = 'pending' AND due_at > '-infinity'`,
    );
    await runner.query(`DROP INDEX capture.files_to_fetch`);
    await runner.query(
      `CREATE INDEX files_to_fetch ON capture.files (deadline_at, capture_id, picture, variant) WHERE state = 'pending' AND due_at > '-infinity'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX capture.captures_to_redeem`);
    await runner.query(
      `CREATE INDEX captures_to_redeem ON capture.captures (kind, merchant, deadline_at, id) WHERE state = 'pending'`,
    );
    await runner.query(`DROP INDEX capture.files_to_fetch`);
    await runner.query(
      `CREATE INDEX files_to_fetch ON capture.files (deadline_at, capture_id, picture, variant) WHERE state = 'pending'`,
    );
  }
}
