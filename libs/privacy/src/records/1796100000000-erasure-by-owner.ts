import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lines that are over are erased by two functions with the owner's rights, so that the role of an app needs no right to
 * delete: whatever they are asked, the triggers of both tables refuse what is younger.
 */
export class ErasureByOwner1796100000000 implements MigrationInterface {
  readonly name = 'ErasureByOwner1796100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION privacy.erase_accesses(until_seq bigint) RETURNS bigint
        LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
          WITH gone AS (DELETE FROM privacy.accesses WHERE seq <= until_seq RETURNING 1) SELECT count(*) FROM gone
        $$;

      CREATE FUNCTION privacy.erase_location_facts(as_of timestamptz) RETURNS bigint
        LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
          WITH gone AS (DELETE FROM privacy.location_facts WHERE at < as_of - interval '6 months' RETURNING 1)
          SELECT count(*) FROM gone
        $$;

      REVOKE EXECUTE ON FUNCTION privacy.erase_accesses, privacy.erase_location_facts FROM PUBLIC;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION privacy.erase_accesses; DROP FUNCTION privacy.erase_location_facts`);
  }
}
