-- A tenth of the queries of corpus.sql, in the table corpus, for tests that ask
-- them in many ways.  SEED=n takes another tenth, CORPUS=all takes all, which
-- is for hours when nobody waits.

\set queries `"$PYTHON" test/data/corpus.py`
\set seed `echo "${SEED:-1}"`
\set whole `echo "${CORPUS:-a tenth}"`

CREATE TABLE public.corpus AS
	SELECT line.number, part[1] AS zone, part[2] = 'yes' AS ordered, part[3] AS query
	FROM regexp_split_to_table(:'queries', '\n') WITH ORDINALITY AS line (line, number),
		regexp_split_to_array(line.line, '\t') AS part
	WHERE :'whole' = 'all' OR ('x' || left(md5(:'seed' || line.line), 7))::bit(28)::int % 10 = 0;
