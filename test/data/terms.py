"""The words of the random queries: what stands in them, by type.

Types are those of SQL, and some of our own: small, an int of few values;
eighth, a float8 that is a small multiple of 1/8, whose sums are exact; part, a
numeric that integers or instants give; instant, clock and day, a timestamptz,
timestamp and date near the turns of clocks.

In a template, [[a|b]] is one of these words, <type> a term of that type,
<col_type> a column, <const_type> a constant.
"""

COLUMNS = {
    "id": "int", "b": "bool", "i": "int", "l": "bigint", "f": "float8", "m": "eighth", "t": "text", "ts": "timestamptz",
    "dx": "int", "g": "small", "s": "smallint", "tn": "timestamp", "n": "numeric", "n3": "numeric", "v": "varchar",
    "d8": "date", "w": "instant", "u": "uuid", "r": "real",
}

ZONES = ["Europe/Berlin", "UTC", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "<+05:30>-05:30"]

LITERALS = {
    "int": ["0", "1", "(-1)", "5", "42", "7", "2147483647", "(-2147483648)", "3", "NULL"],
    "small": ["0", "1", "2", "5", "3", "(-1)", "NULL"],
    "smallint": ["0", "5", "(-1)", "42", "32767", "NULL"],
    "bigint": ["0", "5", "(-20)", "42", "9223372036854775807", "100", "4294967296", "NULL"],
    "float8": ["0", "1.5", "'NaN'", "'Infinity'", "'-Infinity'", "2.25", "(-7.75)", "100", "1e300", "9007199254740993",
               "'-0'", "NULL"],
    "eighth": ["0", "0.125", "1.5", "(-2)", "100", "NULL"],
    "real": ["0.5", "1.5", "'NaN'", "'Infinity'", "0.1", "NULL"],
    "numeric": ["0", "0.1", "0.10000000000000000555", "5", "(-2.675)", "1e20", "1.7976931348623157e308", "'NaN'", "'-Infinity'",
                "9999999999999999999999999999999999.5", "(-1e-400)", "9223372036854775807", "NULL"],
    "part": ["1", "60.0", "(-5)", "0.50", "NULL"],
    "bool": ["true", "false", "NULL"],
    "text": ["''", "'a'", "'$a'", "'$$ROOT'", "'o''hara'", "'żółw'", "'a.b'", "'back\\slash'", "'1'", "'A'", "' '",
             "'000000000000000000000abc'", "'abc000000000000000'", "'00000000abc0000000000001'",
             "'00000000abc000000000000g'", "'ann@example.com'", "NULL"],
    "varchar": ["''", "'a'", "'ab cd'", "'żółw'", "'123456'", "'00000000abc0000000000001'", "NULL"],
    "pattern": ["'a%'", "'%a'", "'_'", "'%'", "''", "'%.%'", "'0000%'", "'ż%'", "'%\\\\%'", "'A%'", "'%@%.com'", "'%B%'", "NULL"],
    "regex": ["'^a'", "'a$'", "'^(a|b)'", "'[0-9]+'", "'\\\\.'", "'^$'", "'o.h'", "'A'", "'^0+abc'", "NULL"],
    "uuid": ["'00000000-0000-0000-0000-000000000000'", "'80000000-0000-4000-8000-000000000000'", "NULL"],
    "timestamptz": ["'1970-01-01Z'", "'1969-12-31 23:59:59.999Z'", "'2026-03-28 23:59:59.999Z'", "'2026-03-28 23:59:59.9995Z'",
                    "'1969-12-31 23:59:59.9994Z'", "'infinity'", "'-infinity'", "'2026-03-01Z'",
                    "'2001-09-09 01:46:40.000001Z'", "NULL"],
    "timestamp": ["'2026-03-29 02:30'", "'1970-01-01'", "'2026-03-01 00:00:00.0001'", "'-infinity'", "NULL"],
    "date": ["'2026-03-01'", "'1970-01-01'", "'infinity'", "'2026-03-29'", "NULL"],
    "instant": ["'2025-03-30 00:30Z'", "'2025-10-26'", "'2025-03-09 02:30'", "'2018-11-04 03:00Z'", "'2011-12-30'",
                "'2025-04-05 15:00:00.0005Z'", "NULL"],
    "clock": ["'2025-03-30 02:30'", "'2025-10-26 02:00'", "'2018-11-04'", "'2011-12-30 12:00'", "NULL"],
    "day": ["'2025-03-30'", "'2025-10-26'", "'2018-02-18'", "'2011-12-30'", "'2025-04-06'", "NULL"],
}

# what can be a group key or be ordered
KEY_TYPES = ["int", "small", "smallint", "bigint", "float8", "eighth", "text", "bool", "timestamptz", "timestamp", "date",
             "instant", "instant", "clock", "day", "text", "int"]

UNITS = "[[minute|hour|day|week|month|quarter|year]]"
FIELDS = "[[year|month|day|hour|minute|dow|isodow|doy|week|quarter|isoyear]]"
SPANS = "[[1 day|2 hours|1 month|90 minutes|-3 days|1 year|30 seconds]]"
ZONE = "[[UTC|Europe/Berlin|America/New_York|Asia/Kolkata|Australia/Lord_Howe]]"
COMPARISON = "[[<|<=|=|>=|>|<>]]"

GENERAL = ["CASE WHEN <bool> THEN <{0}> ELSE <{0}> END", "CASE WHEN <bool> THEN <{0}> END", "coalesce(<{0}>, <{0}>)",
           "nullif(<{0}>, <{0}>)", "[[greatest|least]](<{0}>, <{0}>)", "CASE <small> WHEN 1 THEN <{0}> WHEN <small> THEN <{0}> END",
           "CASE [[<int> WHEN <eighth>|<eighth> WHEN <small>|<text>::varchar WHEN <text>|<text>::varchar WHEN 'a']] THEN <{0}> ELSE <{0}> END"]

# what never fails, whatever the operands are
FUNCTIONS = {
    "small": ["(<int> % [[7|10|3]])", "(<small> + [[1|2]])", "(<small> * <small>)", "abs(<small>)", "(-<small>)",
              "length(<text>)", "strpos(<text>, <const_text>)", "extract(" + FIELDS + " FROM <instant>)::int",
              "date_part('" + FIELDS + "', <clock>)::int", "extract(" + FIELDS + " FROM <day>)::int", "<bool>::int",
              "(<day> - <day>)", "(<int> / [[10|1000000|(-3)]])", "char_length(<varchar>)", "round(<eighth>)::int",
              "octet_length(<text>)", "mod(<int>, [[4|5]])", "sign(<eighth>)::int"],
    "int": ["<small>", "<smallint>::int", "(<smallint> + <smallint>::int)", "(<smallint> * [[2|(-3)]]::int)", "(<int> / [[2|(-2)]])",
            "(<int> % [[1000|(-7)]])", "(<int> [[&]] <int>)"],
    "bigint": ["<int>::bigint", "(<int>::bigint [[+|-|*]] <int>)", "(<bigint> % [[1000|7]])", "(<bigint> / [[10|1000]])",
               "floor(extract(epoch FROM <instant>))::bigint", "extract(epoch FROM <instant>)::bigint", "round(<small>::numeric / 7)::bigint"],
    "eighth": ["(<eighth> + <small>)", "(<eighth> * [[2|0.5|(-1)]]::float8)", "(<eighth> / [[2|4]])", "abs(<eighth>)",
               "[[floor|ceil|round|trunc]](<eighth>)", "(<eighth> - <eighth>)", "(-<eighth>)", "<small>::float8",
               "(<eighth> * CASE WHEN <bool> THEN [[1.5|0.25|2]] ELSE [[0|0.5|NULL]] END)", "date_part('[[day|hour]]', <instant> - <instant>)"],
    "float8": ["<eighth>", "<int>::float8", "<bigint>::float8", "abs(<float8>)", "(-<float8>)", "[[floor|ceil|round|trunc]](<float8>)",
               "sign(<float8>)", "extract([[second|hour|dow]] FROM <instant>)::float8", "(<small> * 0.1)::float8", "extract(epoch FROM <instant>)::float8", "date_part('epoch', <instant>)",
               "date_part('epoch', <instant> - <instant>)",
               "floor(extract(epoch FROM <instant>) / [[3600|300|86400]]) * [[3600|300|86400]]::float8", "<real>::float8"],
    "numeric": ["<int>::numeric", "(<bigint> * 1.5)", "extract(epoch FROM <instant>)", "abs(<numeric>)", "<eighth>::numeric", "<part>", "<part>",
                "[[round|trunc]](<float8>::numeric, [[0|1|2]])", "(<eighth> * [[2|0.5|60]]::float8)::numeric"],
    "part": ["<small>::numeric", "<bigint>::numeric", "extract(epoch FROM <instant>)", "extract(epoch FROM <instant> - <instant>)", "extract([[day|hour|minute|second]] FROM <instant> - <instant>)",
             "extract([[day|hour]] FROM [['2026-03-29 01:00:00.0005Z'::timestamptz - <col_instant>|<col_instant> - '2026-03-01Z'::timestamptz]])",
             "extract([[second|milliseconds|year|month|dow]] FROM <instant>)", "(<part> [[+|-]] <part>)", "(<part> * [[100|60.0|-1|1000]])",
             "(-<part>)", "abs(<part>)", "<col_small>::numeric", "extract(epoch FROM <col_instant>)", "<col_bigint>::numeric", "[[floor|ceil|trunc|round]](<part> / [[60|3600.0|7|86400|1000000000]])",
             "round(<part> / [[60|1000|7.0]], [[0|1|2]])", "(<small>::numeric * <small>)"],
    "text": ["lower(<text>)", "upper(<text>)", "[[left|right]](<text>, [[0|1|3|-2|<small>]])", "substr(<text>, <small>)", "substring(<text>, [[1|2|-1]], [[2|0|5]])",
             "(<text> || <text>)", "[[trim|ltrim|rtrim]](<text>)", "replace(<text>, 'a', <const_text>)", "<int>::text", "<varchar>::text",
             "concat(<text>, <int>)", "to_char(<instant>, 'YYYY-MM-DD HH24')", "split_part(<text>, '.', 1)", "reverse(<text>)",
             "<bool>::text", "md5(<text>)", "<day>::text", "substr(<text>, 2)"],
    "varchar": ["<text>::varchar(3)"],
    "timestamptz": ["<instant>"],
    "timestamp": ["<clock>"],
    "date": ["<day>"],
    "instant": ["date_trunc('" + UNITS + "', <instant>)", "date_trunc('" + UNITS + "', <instant>, '" + ZONE + "')",
                "(<instant> [[+|-]] interval '" + SPANS + "')", "(<clock> AT TIME ZONE '" + ZONE + "')", "<clock>::timestamptz",
                "<day>::timestamptz", "to_timestamp(floor(extract(epoch FROM <instant>) / 3600) * 3600)"],
    "clock": ["(<instant> AT TIME ZONE '" + ZONE + "')", "<instant>::timestamp", "<day>::timestamp",
              "date_trunc('" + UNITS + "', <clock>)", "(<clock> [[+|-]] interval '" + SPANS + "')",
              "date_bin('[[15 minutes|1 hour|1 day]]', <clock>, '2001-01-01')", "date_trunc('" + UNITS + "', <day>::timestamp)",
              "(date_trunc('day', <col_timestamp>) - interval '1 day' * extract([[dow|isodow]] FROM <col_timestamp>))"],
    "day": ["(<col_instant>::date - extract([[dow|isodow]] FROM <col_instant>)::int)",
            "((<col_instant> AT TIME ZONE '" + ZONE + "')::date - date_part('dow', <col_instant> AT TIME ZONE '" + ZONE + "')::int)", "<instant>::date", "<clock>::date", "(<day> [[+|-]] <small>)", "date(<instant> AT TIME ZONE '" + ZONE + "')"],
    "bool": ["(<bool> AND <bool>)", "(<bool> OR <bool>)", "(<bool> OR <bool> OR <bool>)", "(<bool> AND <bool> AND <bool>)",
             "(NOT <bool>)", "(NOT <bool>)", "(<any> IS NULL)", "(<any> IS NOT NULL)", "(<bool> IS [[|NOT ]][[TRUE|FALSE|UNKNOWN]])",
             "<col_bool>", "<col_bool>",
             "(<text> [[LIKE|NOT LIKE|ILIKE]] <const_pattern>)", "(<text> [[~|~*|!~]] <const_regex>)", "starts_with(<text>, <const_text>)",
             "(lower(<text>) [[=|<>|LIKE|NOT LIKE]] <const_pattern>)", "(upper(<text>) [[=|<>]] <const_text>)",
             "(<const_int> IS NULL OR <col_int> = <const_int>)", "(<const_text> IS NULL OR <col_text> = <const_text>)",
             "(date_trunc('" + UNITS + "', <col_instant>) " + COMPARISON + " <const_instant>)",
             "(<col_instant>::date " + COMPARISON + " <const_day>)", "(<instant>::date IN (<const_day>, <const_day>))",
             "(extract(" + FIELDS + " FROM <instant>) " + COMPARISON + " <small>)",
             "(extract([[day|epoch]] FROM [['2026-03-29 01:00:00.0005Z'::timestamptz - <col_instant>|<col_instant> - now()]])[[| / 3600| / 86400.0]] [[<|<=|>|>=]] [[0|30|-1.5|-700]])",
             "([[<instant>|<clock>]]::time [[<|<=|>|>=|=|<>]] '[[00:00|01:30|12:00|22:59:59.9995]]')", "(<instant>::time < <instant>::time)",
             "([[floor|round]](date_part('epoch', '2026-03-01Z'::timestamptz - <col_instant>) / [[60|86400]]) [[<|<=|>|>=]] [[0|30|-1|3000]])",
             "(lower(<col_text>) " + COMPARISON + " <const_text>)", "(<col_text> COLLATE \"C\" " + COMPARISON + " <const_text>)",
             "(<int> " + COMPARISON + " <eighth>)", "(<col_timestamptz> " + COMPARISON + " <const_date>)",
             "(<col_timestamptz> " + COMPARISON + " <const_timestamp>)", "(<col_timestamp> " + COMPARISON + " <const_timestamptz>)",
             "(<col_date> " + COMPARISON + " <const_timestamptz>)", "(<col_date> " + COMPARISON + " <const_timestamp>)",
             "(<col_float8> " + COMPARISON + " <const_real>)", "(<col_numeric> " + COMPARISON + " <const_numeric>)",
             "(<col_text> = ANY (ARRAY[<const_text>, <const_text>]))", "(<col_int> <> ALL (ARRAY[<const_int>, <const_int>, 3]))",
             "(<col_uuid> " + COMPARISON + " <const_uuid>)",
             "(<small> [[IN|NOT IN]] (SELECT i FROM names[[| WHERE i IS NOT NULL]]))", "(<col_text> [[IN|NOT IN]] (SELECT name FROM names))"],
}
for _type in ("small", "int", "bigint", "float8", "eighth", "text", "timestamptz", "timestamp", "date", "instant", "clock", "day", "bool"):
    FUNCTIONS[_type] = FUNCTIONS[_type] + [template.format(_type) for template in GENERAL]
for _type in ("int", "small", "bigint", "smallint", "float8", "eighth", "text", "varchar", "timestamptz", "timestamp", "date", "instant",
              "clock", "day", "numeric", "uuid"):
    FUNCTIONS["bool"] += [template.format(_type, COMPARISON) for template in (
        "(<{0}> {1} <{0}>)", "(<col_{0}> {1} <const_{0}>)", "(<const_{0}> {1} <col_{0}>)",
        "(<col_{0}> [[IN|NOT IN]] (<const_{0}>, <const_{0}>, <const_{0}>))",
        "(<{0}> BETWEEN <const_{0}> AND <const_{0}>)", "(<{0}> IS [[|NOT ]]DISTINCT FROM <{0}>)")]

# keys that read no column, though they need not be constant
COLUMNLESS = ["(1 = 1)", "1::int", "1.5::numeric", "'x'::text", "NULL::int", "current_database()::text", "length(version())",
              "pg_backend_pid() * 0", "current_setting('DateStyle')", "(SELECT 5)", "current_date - current_date"]

# what fails for some operands: overflows, divisions by zero
FALLIBLE = {
    "small": ["<text>::int"],
    "int": ["(<int> [[+|-|*]] <int>)", "(<int> [[/|%]] <int>)", "<bigint>::int", "abs(<int>)", "(-<int>)"],
    "bigint": ["(<bigint> [[+|-|*]] <int>)", "(<bigint> / <int>)", "<float8>::bigint"],
    "float8": ["(<float8> [[+|-|*]] <float8>)", "(<float8> / <float8>)", "sqrt(<float8>)", "(<float8> / <int>)"],
    # (by 2 and 4, or sums would not be exact)
    "eighth": ["(<eighth> / [[0|2|4]])"],
    "smallint": ["<int>::smallint", "(<smallint> * <smallint>)"],
}

# type, call, whether it may fail
AGGREGATES = [
    ("bigint", "count(*)", False), ("bigint", "count(*)", False), ("bigint", "count(<any>)", False),
    ("bigint", "count([[ia|ta|e|n3|by|tm|c|nm|u|j]])", False), ("bigint", "count([[ia|ta|e|n3|by|tm|c|nm]]) FILTER (WHERE <bool>)", False),
    ("bigint", "count(DISTINCT <any>)", False), ("bigint", "count(DISTINCT <any>)", False),
    ("bigint", "count(DISTINCT <any>) FILTER (WHERE <bool>)", False), ("bigint", "sum(DISTINCT <small>)", False),
    ("bigint", "count(DISTINCT (<col_text>, <col_int>))", False), ("bigint", "sum(<small>)", False), ("bigint", "sum(<int>)", False),
    ("numeric", "sum(<bigint>)", False), ("eighth", "sum(<eighth>)", False), ("eighth", "sum(DISTINCT <eighth>)", False),
    ("numeric", "avg(<int>)", False), ("float8", "avg(<col_eighth>)", False),
    ("numeric", "sum(<numeric>)", False), ("bigint", "count(CASE WHEN <bool> THEN 1 END)", False),
    ("bigint", "sum(CASE WHEN <bool> THEN 1 ELSE 0 END)", False), ("bool", "bool_and(<bool>)", False),
    ("bigint", "sum(CASE WHEN <bool> THEN <small> [[|ELSE 0 |ELSE NULL ]]END)", False), ("bigint", "sum(length(lower(<text>)))", False),
    ("eighth", "sum(CASE WHEN <bool> THEN <eighth> WHEN <bool> THEN <eighth> [[|ELSE 0 ]]END)", False),
    ("numeric", "avg(CASE WHEN <bool> THEN <int> ELSE <small> END)", False), ("bigint", "count(CASE WHEN <bool> THEN <any> END)", False),
    ("numeric", "sum(CASE lower(<col_text>) WHEN 'a' THEN <bigint> WHEN 'ab' THEN 2 ELSE <small> END)", False),
    ("bigint", "sum(<small>) FILTER (WHERE lower(<text>) > 'a')", False), ("any", "max(<float8> + 0) FILTER (WHERE lower(<text>) > 'a')", False),
    ("bool", "[[bool_or|every]](<bool>)", False), ("any", "[[min|max]](<int>)", False), ("any", "[[min|max]](<bigint>)", False),
    ("any", "[[min|max]](<float8> + 0)", False), ("any", "[[min|max]](<text>)", False), ("any", "[[min|max]](<timestamptz>)", False),
    ("any", "[[min|max]](<instant>)", False), ("any", "[[min|max]](<clock>)", False), ("any", "[[min|max]](<date>)", False),
    ("any", "[[min|max]]([[round|trunc]](<col_float8>::numeric, 2))", False), ("numeric", "sum(round(<col_eighth>::numeric, 1))", False),
    ("any", "[[min|max]](date_trunc('" + UNITS + "', <instant>))", False), ("any", "[[min|max]](<instant>::date)", False),
    ("any", "[[min|max]](<smallint>)", False), ("float8", "sum(<eighth>) / nullif(count(*), 0)", False),
    ("any", "string_agg(<text>, ',' ORDER BY id)", False), ("any", "array_agg(<int> ORDER BY id)", False),
    ("numeric", "[[stddev|variance|stddev_pop|var_pop]](<small>)", False), ("numeric", "[[stddev|var_samp]](<int>)", False),
    # of eighths all but the last digits are exact
    ("numeric", "round([[stddev|variance|stddev_pop|var_pop]](<eighth>)::numeric, 4)", False), ("bigint", "regr_count(<eighth>, <small>)", False),
    ("numeric", "round([[corr|covar_pop|covar_samp|regr_slope|regr_r2|regr_avgx|regr_sxy|regr_syy]]([[<eighth>, <eighth>|<eighth>, <small>|<small>, <eighth>]])::numeric, 4)",
     False),
    ("float8", "percentile_cont([[0|0.5|0.95|1]]) WITHIN GROUP (ORDER BY [[<float8> + 0|<small>|<eighth>]])", False),
    ("any", "percentile_disc(0.9) WITHIN GROUP (ORDER BY [[<bigint>|<timestamptz>|<text> COLLATE \"C\"|<float8> + 0]])", False),
    ("any", "percentile_disc(0.5) WITHIN GROUP (ORDER BY <int>)", False),
    ("any", "(array_agg(<[[col_int|col_bigint|col_text|col_bool|col_timestamptz]]> "
            "ORDER BY <any> [[|DESC|NULLS FIRST|DESC NULLS LAST]], id [[|DESC]]))[1]", False),
    ("any", "sum(<int>) / count(*)", True), ("any", "max(<int>) * 2", True),
]
