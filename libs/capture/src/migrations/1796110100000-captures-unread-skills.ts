import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Skill payloads in which no result was understood are kept, so many of a merchant: they are counted by this index. */
export class CapturesUnreadSkills1796110100000 implements MigrationInterface {
  readonly name = 'CapturesUnreadSkills1796110100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX captures_unread_skills ON capture.captures (kind, merchant)
      WHERE sealed_unread IS NOT NULL AND sealed_otp IS NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX capture.captures_unread_skills`);
  }
}
