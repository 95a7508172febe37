-- What ad_fuzz.c adds to a database, and the columns that it decodes for.
-- psql's variable `module` is the library's path.

CREATE TYPE fuzz_colour AS ENUM ('red', 'green', 'blue');
CREATE DOMAIN fuzz_small AS int4 CHECK (VALUE < 1000);
CREATE DOMAIN fuzz_word AS varchar(8) NOT NULL;

-- every type that columns can have, and some of the arrays
CREATE TABLE ad_fuzz_columns (
	c_bool bool, c_int2 int2, c_int4 int4, c_int8 int8,
	c_float4 float4, c_float8 float8,
	c_numeric numeric, c_numeric_10_2 numeric(10, 2), c_numeric_scale numeric(3, -2),
	c_text text, c_varchar varchar, c_varchar_5 varchar(5),
	c_bpchar bpchar, c_char_30 char(30), c_name name,
	c_timestamptz timestamptz, c_timestamp timestamp, c_date date, c_time time,
	c_uuid uuid, c_bytea bytea, c_json json, c_jsonb jsonb,
	c_colour fuzz_colour, c_small fuzz_small, c_word fuzz_word,
	c_bool_array bool[], c_int2_array int2[], c_int8_array int8[], c_float8_array float8[],
	c_numeric_array numeric(10, 2)[], c_text_array text[], c_char_array char(3)[],
	c_name_array name[], c_date_array date[], c_uuid_array uuid[], c_bytea_array bytea[],
	c_json_array json[], c_jsonb_array jsonb[], c_colour_array fuzz_colour[]
);

-- Decodes generated and mutated documents for so many seconds.  `seeds` are
-- documents to mutate, besides those built in.  `documents` and `errors` (those
-- that a document may cause) count documents, `accepted` and `mismatches`
-- fields.  What must not be ends the statement, or the server.
CREATE FUNCTION ad_fuzz_decode(seconds float8, seed int8, seeds bytea[] DEFAULT '{}',
	OUT documents bigint, OUT accepted bigint, OUT mismatches bigint, OUT errors bigint)
RETURNS record LANGUAGE c STRICT AS :'module';

-- Decodes one document: what "$" is as jsonb, or `mismatch`, or the error
CREATE FUNCTION ad_fuzz_document(document bytea) RETURNS text
LANGUAGE c STRICT AS :'module';
