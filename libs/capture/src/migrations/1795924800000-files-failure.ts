import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why a file is missing is one of few words, as everything else that its row says. */
export class FilesFailure1795924800000 implements MigrationInterface {
  readonly name = 'FilesFailure1795924800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE capture.files ADD CONSTRAINT files_failure
        CHECK (failure IN ('origin-refused', 'refused-by-kakao', 'too-large', 'not-an-image', 'deadline-passed', 'store-unavailable'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE capture.files DROP CONSTRAINT files_failure`);
  }
}
