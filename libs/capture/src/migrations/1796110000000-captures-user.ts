import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a chat bot says of the customer who ran a plugin. */
export class CapturesUser1796110000000 implements MigrationInterface {
  readonly name = 'CapturesUser1796110000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE capture.captures ADD COLUMN sealed_user text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE capture.captures DROP COLUMN sealed_user`);
  }
}
