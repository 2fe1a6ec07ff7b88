import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An answer in which nothing was understood is kept while Kakao is asked again. */
export class CapturesUnread1796100300000 implements MigrationInterface {
  readonly name = 'CapturesUnread1796100300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE capture.captures ADD COLUMN sealed_unread text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE capture.captures DROP COLUMN sealed_unread`);
  }
}
