import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The schedule of redeeming and of fetching images moves from jobs into the rows. */
export class CapturesSchedule1795520000000 implements MigrationInterface {
  readonly name = 'CapturesSchedule1795520000000';

  async up(runner: QueryRunner): Promise<void> {
    // The defaults are for instances of the version before, which may still store callbacks.
    await runner.query(`
      ALTER TABLE capture.captures
        ADD due_at timestamptz NOT NULL DEFAULT now(),
        ADD claimed_until timestamptz,
        ADD tries integer NOT NULL DEFAULT 0`);
    await runner.query(
      `CREATE INDEX captures_to_redeem ON capture.captures (kind, merchant, deadline_at, id) WHERE state = 'pending'`,
    );
    await runner.query(`
      ALTER TABLE capture.files
        ADD due_at timestamptz NOT NULL DEFAULT now(),
        ADD claimed_until timestamptz,
        ADD deadline_at timestamptz NOT NULL DEFAULT now(),
        ADD problem text CONSTRAINT files_problem CHECK (problem IN ('kakao-unavailable', 'store-unavailable'))`);
    await runner.query(`
      UPDATE capture.files SET deadline_at = captures.deadline_at
        FROM capture.captures WHERE captures.id = files.capture_id AND files.state = 'pending'`);
    await runner.query(
      `CREATE INDEX files_to_fetch ON capture.files (deadline_at, capture_id, picture, variant) WHERE state = 'pending'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX capture.captures_to_redeem`);
    await runner.query(`ALTER TABLE capture.captures DROP due_at, DROP claimed_until, DROP tries`);
    await runner.query(`DROP INDEX capture.files_to_fetch`);
    await runner.query(`ALTER TABLE capture.files DROP due_at, DROP claimed_until, DROP deadline_at, DROP problem`);
  }
}
