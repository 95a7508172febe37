-- The queries of corpus.sql in the table corpus, a tenth of them marked for the tests
-- that ask them in many ways.
--
-- SEED=n takes another tenth; scripts/test chooses one anew each time, and prints it.
-- scripts/test --all takes two tenths, or one where that takes a second for each query
-- (the column few).  ONLY='i > 5' leaves the queries that contain these words,
-- and takes all of them.  CORPUS=all takes all, and has them asked in even more ways, which
-- is for when nobody waits.

\set queries `"$PYTHON" test/data/corpus.py`
\set seed `echo "${SEED:-1}"`
\set whole `echo "${CORPUS:-a tenth}"`
\set all `echo "${AD_TEST_ALL:-no}"`
\set only `printf %s "$ONLY"`

CREATE TABLE public.corpus AS
	SELECT line.number, part[1] AS zone, part[2] = 'yes' AS ordered, part[3] AS query,
		taken.all OR tenth < CASE :'all' WHEN 'yes' THEN 2 ELSE 1 END AS sampled,
		taken.all OR tenth < 1 AS few
	FROM regexp_split_to_table(:'queries', '\n') WITH ORDINALITY AS line (line, number),
		regexp_split_to_array(line.line, '\t') AS part,
		(VALUES (:'whole' = 'all' OR :'only' <> '')) AS taken ("all"),
		mod(('x' || left(md5(:'seed' || line.line), 7))::bit(28)::int, 10) AS tenth
	WHERE strpos(part[3], :'only') > 0;
