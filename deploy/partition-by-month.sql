-- Divides a table whose ids are UUID v7 into one partition for each month, while the apps serve: docs/operations.md, Growing.
--
--   psql … -f deploy/partition-by-month.sql
--   psql … -c "CALL platform.partition_by_month('payment.history', '2027-01-01', 24)"
--
-- What is there stays where it is and becomes the first partition. Called again, it adds the months that are missing.

CREATE OR REPLACE FUNCTION platform.first_id_of(month date) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT rpad(lpad(to_hex((extract(epoch FROM month) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$;

CREATE OR REPLACE PROCEDURE platform.partition_by_month(of_table regclass, first_month date, months integer)
LANGUAGE plpgsql AS $$
DECLARE
  space text := (SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = of_table);
  name text := (SELECT relname FROM pg_class WHERE oid = of_table);
  old_name text := format('%s_until_%s', name, to_char(first_month, 'YYYY_MM'));
  bound uuid := platform.first_id_of(first_month);
  definitions text[] := '{}';
  triggers text[] := '{}';
  referring text[] := '{}';
  validations text[] := '{}';
  each record;
  month date;
BEGIN
  IF first_month <> date_trunc('month', first_month) THEN
    RAISE EXCEPTION '% is not the first day of a month', first_month;
  END IF;

  IF (SELECT relkind FROM pg_class WHERE oid = of_table) = 'r' THEN
    IF first_month <= now() THEN
      RAISE EXCEPTION 'the first month must lie ahead: what exists becomes the partition before it';
    END IF;
    FOR each IN
      SELECT conrelid::regclass AS referring FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
      WHERE confrelid = of_table AND contype = 'f' AND c.relkind = 'p'
    LOOP
      RAISE EXCEPTION '% refers to % and was divided before it: PostgreSQL would check every row of it while nobody writes', each.referring, of_table;
    END LOOP;
    FOR each IN
      SELECT indexrelid::regclass AS index FROM pg_index
      WHERE indrelid = of_table AND indisunique
        AND NOT (SELECT attnum FROM pg_attribute WHERE attrelid = of_table AND attname = 'id') = ANY (indkey)
    LOOP
      RAISE EXCEPTION '% is unique without the id: no partition could know of the others', each.index;
    END LOOP;

    -- Reads the table once and blocks nobody; the change below then need not read it.
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS before_partitions', of_table);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT before_partitions CHECK (id < %L) NOT VALID', of_table, bound);
    COMMIT;
    EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT before_partitions', of_table);
    COMMIT;

  END IF;

  -- From here to the next COMMIT nobody writes to the table; it takes milliseconds, or fails and changes nothing.
  SET LOCAL lock_timeout = '5s';
  -- What it refers to first, and what refers to it last, as every transaction of the apps does: another order would deadlock.
  FOR each IN
    SELECT DISTINCT confrelid::regclass AS referred FROM pg_constraint WHERE conrelid = of_table AND contype = 'f' AND conparentid = 0
  LOOP
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', each.referred);
  END LOOP;
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', of_table);
  FOR each IN
    SELECT DISTINCT conrelid::regclass AS referring FROM pg_constraint WHERE confrelid = of_table AND contype = 'f' AND conparentid = 0
  LOOP
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', each.referring);
  END LOOP;

  IF (SELECT relkind FROM pg_class WHERE oid = of_table) = 'r' THEN
    FOR each IN
      SELECT conrelid::regclass AS referring, conname, pg_get_constraintdef(oid) AS text FROM pg_constraint
      WHERE confrelid = of_table AND contype = 'f'
    LOOP
      -- Checked after the COMMIT, while everything goes on.
      referring := referring || format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', each.referring, each.conname, each.text);
      validations := validations || format('ALTER TABLE %s VALIDATE CONSTRAINT %I', each.referring, each.conname);
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', each.referring, each.conname);
    END LOOP;
    FOR each IN SELECT tgname, pg_get_triggerdef(oid) AS text FROM pg_trigger WHERE tgrelid = of_table AND NOT tgisinternal LOOP
      triggers := triggers || each.text;
      EXECUTE format('DROP TRIGGER %I ON %s', each.tgname, of_table);
    END LOOP;
    FOR each IN
      SELECT conname, pg_get_constraintdef(oid) AS text FROM pg_constraint
      WHERE conrelid = of_table AND contype IN ('p', 'u', 'f') AND conparentid = 0
    LOOP
      definitions := definitions || format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', space, name, each.conname, each.text);
    END LOOP;
    FOR each IN
      SELECT c.relname, pg_get_indexdef(i.indexrelid) AS text,
             EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid AND conrelid = of_table) AS of_constraint
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = of_table
    LOOP
      IF NOT each.of_constraint THEN definitions := definitions || each.text; END IF;
      EXECUTE format('ALTER INDEX %I.%I RENAME TO %I', space, each.relname,
        format('%s_until_%s', each.relname, to_char(first_month, 'YYYY_MM')));
    END LOOP;
    EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', space, name, old_name);
    EXECUTE format('CREATE TABLE %I.%I (LIKE %I.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (id)',
      space, name, space, old_name);
    EXECUTE format('ALTER TABLE %I.%I DROP CONSTRAINT before_partitions', space, name);
    FOR each IN SELECT unnest(definitions) AS text LOOP EXECUTE each.text; END LOOP;
    EXECUTE format('ALTER TABLE %I.%I ATTACH PARTITION %I.%I FOR VALUES FROM (MINVALUE) TO (%L)', space, name, space, old_name, bound);
    EXECUTE format('ALTER TABLE %I.%I DROP CONSTRAINT before_partitions', space, old_name);
    -- For the day on which somebody forgot to add months: nothing fails, and the alarm of docs/operations.md rings.
    EXECUTE format('CREATE TABLE %I.%I PARTITION OF %I.%I DEFAULT', space, name || '_later', space, name);
    FOR each IN SELECT unnest(triggers) AS text LOOP EXECUTE each.text; END LOOP;
    FOR each IN SELECT unnest(referring) AS text LOOP EXECUTE each.text; END LOOP;
  END IF;

  FOR month IN SELECT first_month + n * interval '1 month' FROM generate_series(0, months - 1) n LOOP
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I.%I PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)',
      space, format('%s_%s', name, to_char(month, 'YYYY_MM')), space, name,
      platform.first_id_of(month), platform.first_id_of((month + interval '1 month')::date));
  END LOOP;
  COMMIT;

  FOR each IN SELECT unnest(validations) AS text LOOP EXECUTE each.text; END LOOP;
  COMMIT;
END $$;
