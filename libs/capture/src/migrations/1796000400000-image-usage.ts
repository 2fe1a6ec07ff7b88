import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The bytes of images that each merchant has in the store, so that a quota is checked by reading one row. */
export class ImageUsage1796000400000 implements MigrationInterface {
  readonly name = 'ImageUsage1796000400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE capture.image_usage (
        merchant text NOT NULL CONSTRAINT image_usage_pk PRIMARY KEY,
        bytes bigint NOT NULL CONSTRAINT image_usage_bytes CHECK (bytes >= 0)
      )`);
    await runner.query(`
      INSERT INTO capture.image_usage (merchant, bytes)
      SELECT captures.merchant, sum(files.size) FROM capture.files JOIN capture.captures ON captures.id = files.capture_id
       WHERE files.state = 'stored' AND files.size IS NOT NULL GROUP BY captures.merchant`);
    await runner.query(`ALTER TABLE capture.files DROP CONSTRAINT files_failure`);
    await runner.query(`
      ALTER TABLE capture.files ADD CONSTRAINT files_failure
        CHECK (failure IN ('origin-refused', 'refused-by-kakao', 'too-large', 'not-an-image', 'deadline-passed', 'store-unavailable', 'quota-exceeded'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE capture.files SET failure = 'store-unavailable' WHERE failure = 'quota-exceeded'`);
    await runner.query(`ALTER TABLE capture.files DROP CONSTRAINT files_failure`);
    await runner.query(`
      ALTER TABLE capture.files ADD CONSTRAINT files_failure
        CHECK (failure IN ('origin-refused', 'refused-by-kakao', 'too-large', 'not-an-image', 'deadline-passed', 'store-unavailable'))`);
    await runner.query(`DROP TABLE capture.image_usage`);
  }
}
