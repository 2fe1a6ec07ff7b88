import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Answers that are held and not yet read are few, also when an outage of Kakao lets many wait. */
export class CapturesToRead1795836000000 implements MigrationInterface {
  readonly name = 'CapturesToRead1795836000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX captures_to_read ON capture.captures (kind, merchant, deadline_at, id) WHERE state = 'pending' AND due_at > '-infinity' AND sealed_answer IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX capture.captures_to_read`);
  }
}
