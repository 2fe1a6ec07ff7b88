import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files are fetched in turn of the merchants and of their customers; a customer with a failed or slow try comes after the others. */
export class FilesInTurn1796013600000 implements MigrationInterface {
  readonly name = 'FilesInTurn1796013600000';

  async up(runner: QueryRunner): Promise<void> {
    // The defaults are for instances of the version before, which may still list files.
    await runner.query(`
      ALTER TABLE capture.files
        ADD merchant text NOT NULL DEFAULT '',
        ADD retrying boolean NOT NULL DEFAULT false`);
    await runner.query(`
      UPDATE capture.files SET merchant = captures.merchant
        FROM capture.captures WHERE captures.id = files.capture_id AND files.state IN ('pending', 'failed')`);
    await runner.query(`DROP INDEX capture.files_to_fetch`);
    await runner.query(
      `CREATE INDEX files_to_fetch ON capture.files (merchant, retrying, deadline_at, capture_id, picture, variant) WHERE state = 'pending' AND due_at > '-infinity'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX capture.files_to_fetch`);
    await runner.query(
      `CREATE INDEX files_to_fetch ON capture.files (deadline_at, capture_id, picture, variant) WHERE state = 'pending' AND due_at > '-infinity'`,
    );
    await runner.query(`ALTER TABLE capture.files DROP merchant, DROP retrying`);
  }
}
