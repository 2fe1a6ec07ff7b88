/** Remembers every text that was ever written to a row, if only for a moment; its own schema is no place of anybody's. */
export const WITNESS = `
  CREATE SCHEMA witness;
  CREATE TABLE witness.seen (place text, value text);
  CREATE FUNCTION witness.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    INSERT INTO witness.seen SELECT format('%s.%s.%s', TG_TABLE_SCHEMA, TG_TABLE_NAME, key), value
      FROM jsonb_each_text(to_jsonb(NEW)) WHERE value IS NOT NULL;
    RETURN NULL;
  END $$;
  DO $$
  DECLARE place regclass;
  BEGIN
    FOR place IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'witness')
    LOOP
      EXECUTE format('CREATE TRIGGER witness AFTER INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION witness.note()', place);
    END LOOP;
  END $$`;
