-- The table t of test/data/differential.sql, which is read before, in thirds:
-- two collections and one table of PostgreSQL's own.  Each has its columns in
-- another order, and columns that were dropped.
--
--	parts_few, parts_sound	a partitioned table, by g
--	heirs_few, heirs_sound	a foreign table that the others inherit from, by id
--	branches_few, branches_sound	a view of UNION ALL, whose branches have conditions
--
-- For the role parts_reader the partitioned table has a policy, and so has the local
-- copy; views_few, views_local_few and so on are security barrier views.

-- the columns of t in some order, with a foreign table's options
CREATE FUNCTION public.columns(in_order text, is_foreign boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	columns text;
BEGIN
	EXECUTE format('SELECT string_agg(concat_ws('' '', attname, format_type(atttypid, atttypmod),
			CASE WHEN %L AND attname = ''id'' THEN ''OPTIONS (field ''''_id'''')''
				 WHEN %1$L AND attname = ''dx'' THEN ''OPTIONS (field ''''d.x'''')'' END), '', '' ORDER BY %s)
		FROM pg_attribute WHERE attrelid = ''local_few.t''::regclass AND attnum > 0', is_foreign, in_order)
	INTO columns;
	RETURN columns;
END $$;

-- A third of t; by itself, that its columns may be in that order.
CREATE PROCEDURE public.make_third(name text, in_order text, collection text, on_mismatch text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE %s TABLE %s (gone int, %s, gone_too text) %s', CASE WHEN collection <> '' THEN 'FOREIGN' END, name,
		public.columns(in_order, collection <> ''),
		CASE WHEN collection <> '' THEN format('SERVER mongodb OPTIONS (database ''ad_test'', collection %L, on_mismatch %L)', collection, on_mismatch) END);
	EXECUTE format('ALTER TABLE %s DROP COLUMN gone, DROP COLUMN gone_too', name);
END $$;

CREATE PROCEDURE public.make_shapes(whole text, on_mismatch text) LANGUAGE plpgsql AS $$
DECLARE
	parts text := 'parts_' || whole;
	heirs text := 'heirs_' || whole;
	third int := (SELECT reltuples FROM pg_class WHERE oid = format('local_%s.t', whole)::regclass) / 3;
BEGIN
	EXECUTE format('CREATE SCHEMA %s CREATE TABLE t (%s) PARTITION BY LIST (g)', parts, public.columns('attnum', false));
	CALL public.make_third(parts || '.first_t', 'attnum DESC', whole || '_by_g_0', on_mismatch);
	CALL public.make_third(parts || '.second_t', 'md5(attname)', whole || '_by_g_1', on_mismatch);
	CALL public.make_third(parts || '.third_t', 'attname', '', '');
	EXECUTE format('ALTER TABLE %s.t ATTACH PARTITION %1$s.first_t FOR VALUES IN (0, 3, 6)', parts);
	EXECUTE format('ALTER TABLE %s.t ATTACH PARTITION %1$s.second_t FOR VALUES IN (1, 4)', parts);
	EXECUTE format('ALTER TABLE %s.t ATTACH PARTITION %1$s.third_t FOR VALUES IN (2, 5)', parts);
	EXECUTE format('INSERT INTO %s.t SELECT * FROM local_%s.t WHERE g IN (2, 5)', parts, whole);

	EXECUTE format('CREATE SCHEMA %s', heirs);
	CALL public.make_third(heirs || '.t', 'attnum', whole || '_by_id_0', on_mismatch);
	CALL public.make_third(heirs || '.second_t', 'md5(attname)', whole || '_by_id_1', on_mismatch);
	CALL public.make_third(heirs || '.third_t', 'attnum DESC', '', '');
	EXECUTE format('ALTER TABLE %s.t ADD CHECK (id < %s) NO INHERIT', heirs, third);
	EXECUTE format('ALTER TABLE %s.second_t INHERIT %1$s.t, ADD CHECK (id BETWEEN %s AND %s)', heirs, third, 2 * third - 1);
	EXECUTE format('ALTER TABLE %s.third_t INHERIT %1$s.t, ADD CHECK (id >= %s)', heirs, 2 * third);
	EXECUTE format('INSERT INTO %s.third_t (%s) SELECT %2$s FROM local_%s.t WHERE id >= %s', heirs,
		(SELECT string_agg(attname, ', ') FROM pg_attribute WHERE attrelid = 'local_few.t'::regclass AND attnum > 0), whole, 2 * third);
	-- of local parts the planner may read an index, and merge
	EXECUTE format('CREATE INDEX ON %s.third_t (i); CREATE INDEX ON %1$s.third_t (id); CREATE INDEX ON %s.third_t (ts);
		CREATE INDEX ON %2$s.third_t (t COLLATE "C"); ANALYZE %1$s.third_t, %2$s.third_t', parts, heirs);
END $$;
ANALYZE local_few.t, local_sound.t;
CALL public.make_shapes('few', 'null');
CALL public.make_shapes('sound', 'error');

-- branches that PostgreSQL plans as queries of their own
SELECT format('CREATE SCHEMA branches_%1$s CREATE VIEW t AS
	SELECT * FROM remote_%1$s.t WHERE g < 3 UNION ALL SELECT * FROM remote_%1$s.t WHERE (g < 3) IS NOT TRUE', whole)
FROM unnest(ARRAY['few', 'sound']) whole
\gexec

-- a policy of the partitioned table, and a view
CREATE ROLE parts_reader;
SELECT format($$
	GRANT USAGE ON SCHEMA %1$s TO parts_reader;
	GRANT SELECT ON %1$s.t TO parts_reader;
	ALTER TABLE %1$s.t ENABLE ROW LEVEL SECURITY;
	CREATE POLICY readable ON %1$s.t TO parts_reader USING (g <> 3 AND (i IS NULL OR length(t) < 20 OR upper(t) = t));
	CREATE SCHEMA views_%2$s CREATE VIEW t WITH (security_barrier) AS SELECT * FROM %1$s.t WHERE g <> 3 AND id %% 10 <> 7 AND length(t) < 20$$,
	source, replace(source, 'parts_', ''))
FROM unnest(ARRAY['few', 'sound']) whole, LATERAL (VALUES ('parts_' || whole), ('local_' || whole)) side (source)
\gexec
GRANT SELECT ON public.names, public.days TO parts_reader;
