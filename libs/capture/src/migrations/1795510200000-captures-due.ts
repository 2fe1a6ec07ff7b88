import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An index for what is due to be erased.
 *
 * The access log stands in the schema `privacy`, whose own migration took its lines over; what is dropped here is the
 * empty table of a schema that was made after that.
 */
export class CapturesDue1795510200000 implements MigrationInterface {
  readonly name = 'CapturesDue1795510200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX captures_due ON capture.captures (kind, erase_at) WHERE state <> 'erased'`);
    await runner.query(`DROP TABLE IF EXISTS capture.accesses`);
    await runner.query(`DROP FUNCTION IF EXISTS capture.refuse_change`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX capture.captures_due`);
  }
}
