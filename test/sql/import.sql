-- IMPORT FOREIGN SCHEMA: a collection for each rule, see test/data/shapes.py.
\getenv uri AD_TEST_MONGODB_URI
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
\pset format unaligned
\pset tuples_only on

-- what there is: no system collections, names as they are, but cut and unique
CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA ad_test_import FROM SERVER mongodb INTO imported;
SELECT ftrelid::regclass, ftoptions FROM pg_foreign_table WHERE ftrelid::regclass::text LIKE 'imported.%' ORDER BY 1;

-- types: the narrowest that is meant for all values
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'kinds');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'several');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'arrays');
-- documents in documents
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'nested');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'nested', nested => 'jsonb');
-- names
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'names');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', repeat('c', 70));
SELECT * FROM imported.names;
-- strings that PostgreSQL has not
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'unreadable');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'unreadable', document_column => 'doc');
-- too many columns: the largest document becomes one, the last are left out
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'wide', max_columns => 14);
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'wide', max_columns => 5);
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'wide', max_columns => 5, document_column => 'f1');
-- validators
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'validated');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'warned');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'validated_empty');
-- what is not a collection of documents
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'empty');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'summary');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'Capital.Letters');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'measures');
-- the whole document at will
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'summary', document_column => 'Doc');
-- the same again
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'several') = admin_dashboard_import_sql('mongodb', 'ad_test_import', 'several');

-- some of it
CREATE SCHEMA part;
IMPORT FOREIGN SCHEMA ad_test_import LIMIT TO (nested, "Capital.Letters") FROM SERVER mongodb INTO part OPTIONS (nested 'jsonb', document_column 'doc');
\d part.nested
SELECT * FROM part.nested;
SELECT * FROM part."Capital.Letters";
IMPORT FOREIGN SCHEMA ad_test_import EXCEPT (nested, "Capital.Letters", unreadable) FROM SERVER mongodb INTO part;
SELECT count(*), count(*) FILTER (WHERE relname IN ('unreadable', 'kinds')) FROM pg_class WHERE relnamespace = 'part'::regnamespace AND relkind = 'f';

-- a sample that may not be the whole collection
CREATE SCHEMA sampled;
IMPORT FOREIGN SCHEMA ad_test_import LIMIT TO (several) FROM SERVER mongodb INTO sampled OPTIONS (sample_size '2');
DROP SCHEMA sampled CASCADE;
-- errors
IMPORT FOREIGN SCHEMA ad_test_import LIMIT TO (kinds, capital_letters) FROM SERVER mongodb INTO part;
IMPORT FOREIGN SCHEMA ad_test_nothing FROM SERVER mongodb INTO part;
IMPORT FOREIGN SCHEMA ad_test_import FROM SERVER mongodb INTO part OPTIONS (samplesize '5');
IMPORT FOREIGN SCHEMA ad_test_import FROM SERVER mongodb INTO part OPTIONS (sample_size '0');
IMPORT FOREIGN SCHEMA ad_test_import FROM SERVER mongodb INTO part OPTIONS (max_columns '1601');
IMPORT FOREIGN SCHEMA ad_test_import FROM SERVER mongodb INTO part OPTIONS (nested 'text');
IMPORT FOREIGN SCHEMA ad_test_import FROM SERVER mongodb INTO part OPTIONS (document_column '');
SELECT admin_dashboard_import_sql('nowhere', 'ad_test_import', 'kinds');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'Kinds');
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'kinds', max_columns => 1);
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', NULL);

-- rights
CREATE ROLE regress_import;
SET ROLE regress_import;
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'nested');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER mongodb TO regress_import;
SET ROLE regress_import;
SELECT admin_dashboard_import_sql('mongodb', 'ad_test_import', 'nested');
RESET ROLE;
DROP OWNED BY regress_import;
DROP ROLE regress_import;
SET client_min_messages = warning;
DROP SCHEMA imported, part CASCADE;
DROP EXTENSION admin_dashboard CASCADE;
