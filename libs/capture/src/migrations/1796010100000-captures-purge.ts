import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Erased captures are deleted some time later; the daily purge searches along the time of their erasure. */
export class CapturesPurge1796010100000 implements MigrationInterface {
  readonly name = 'CapturesPurge1796010100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX captures_lost_by_age ON capture.captures (erased_at) WHERE state = 'erased' AND delivered_at IS NULL;
      CREATE INDEX captures_delivered_by_age ON capture.captures (erased_at) WHERE state = 'erased' AND delivered_at IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX capture.captures_lost_by_age, capture.captures_delivered_by_age`);
  }
}
