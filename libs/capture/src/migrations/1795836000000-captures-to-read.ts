import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who looks for answers that are held need not read through all who wait for one while Kakao is down. */
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
