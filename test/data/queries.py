#!/usr/bin/env python3
"""Makes queries for the differential test: queries.py SEED COUNT

One a line.  They read the table t, which has the columns of typed.py, and
their results do not depend on the order of rows.
"""

import random
import sys

COLUMNS = {
    "id": "int", "b": "bool", "i": "int", "l": "bigint", "f": "float8", "m": "float8",
    "t": "text", "ts": "timestamptz", "dx": "int", "g": "int",
    "s": "smallint", "tn": "timestamp", "n": "numeric", "v": "varchar", "d8": "date",
}

LITERALS = {
    "int": ["0", "1", "-1", "5", "42", "7", "2147483647", "(-2147483648)", "3", "NULL"],
    "bigint": ["0", "5", "-20", "42", "9223372036854775807", "100", "4294967296", "NULL"],
    "float8": ["0", "1.5", "'NaN'", "'Infinity'", "'-Infinity'", "2.25", "-7.75", "100", "1e300",
               "9007199254740993", "'-0'", "NULL"],
    "bool": ["true", "false", "NULL"],
    "text": ["''", "'a'", "'$a'", "'$$ROOT'", "'o''hara'", "'żółw'", "'a.b'", "'back\\slash'", "'1'",
             "'000000000000000000000abc'", "'abc000000000000000'", "'00000000abc0000000000001'",
             "'00000000abc000000000000g'", "'ann@example.com'", "NULL"],
    "timestamptz": ["'1970-01-01Z'", "'1969-12-31 23:59:59.999Z'", "'2026-03-28 23:59:59.999Z'",
                    "'2026-03-28 23:59:59.9995Z'", "'1969-12-31 23:59:59.9994Z'", "'infinity'",
                    "'-infinity'", "'2026-03-01Z'", "'2001-09-09 01:46:40.000001Z'", "NULL"],
    "date": ["'2026-03-01'", "'1970-01-01'", "'infinity'", "'2026-03-29'", "NULL"],
    "timestamp": ["'2026-03-29 02:30'", "'1970-01-01'", "'2026-03-01 00:00:00.0001'", "'-infinity'", "NULL"],
    "smallint": ["0", "5", "(-1)", "42", "32767", "NULL"],
    "numeric": ["0", "0.1", "0.10000000000000000555", "5", "-2.675", "1e20", "1.7976931348623157e308", "'NaN'",
                "'-Infinity'", "9999999999999999999999999999999999.5", "-1e-400", "9223372036854775807", "NULL"],
    "varchar": ["''", "'a'", "'ab cd'", "'żółw'", "'123456'", "'00000000abc0000000000001'", "NULL"],
    "real": ["0.5", "1.5", "'NaN'", "'Infinity'", "0.1"],
}

# what a column of the type is compared with
OPERANDS = {
    "int": ["int", "int", "bigint", "smallint"],
    "bigint": ["bigint", "int", "smallint"],
    "float8": ["float8", "float8", "real"],
    "smallint": ["smallint", "int", "bigint"],
    "timestamp": ["timestamp", "timestamp", "date", "timestamptz"],
    "bool": ["bool"],
    "numeric": ["numeric", "numeric", "int"],
    "varchar": ["varchar", "text"],
    "date": ["date", "date", "timestamp", "timestamptz"],
    "text": ["text"],
    "timestamptz": ["timestamptz", "timestamptz", "date", "timestamp"],
}


def constant(rng, typ):
    """A value as a literal, an init plan or a stable expression."""
    literal = "%s::%s" % (rng.choice(LITERALS[typ]), typ)
    form = rng.random()
    if form < 0.6:
        return literal
    if form < 0.8:
        return "(SELECT %s)" % literal
    return "(CASE WHEN now() IS NULL THEN NULL ELSE %s END)" % literal


def leaf(rng):
    column = rng.choice(list(COLUMNS))
    typ = COLUMNS[column]
    kind = rng.random()
    if kind < 0.12:
        return "%s IS %sNULL" % (column, rng.choice(["", "NOT "]))
    if typ == "bool" and kind < 0.5:
        return column
    if kind < 0.3:
        values = ", ".join(constant(rng, typ) for _ in range(rng.randint(1, 4)))
        return "%s %sIN (%s)" % (column, rng.choice(["", "NOT "]), values)
    if kind < 0.36:
        elements = ", ".join(rng.choice(LITERALS[typ]) for _ in range(rng.randint(0, 3)))
        return "%s %s (ARRAY[%s]::%s[])" % (column, rng.choice(["= ANY", "<> ALL"]), elements, typ)
    if kind < 0.4:
        return "(%s IS NULL OR %s = %s)" % ((constant(rng, typ), column, constant(rng, typ)))
    if kind < 0.46:
        return "%s BETWEEN %s AND %s" % (column, constant(rng, typ), constant(rng, typ))
    operator = rng.choice(["<", "<=", "=", ">=", ">", "<>"])
    sides = [column, constant(rng, rng.choice(OPERANDS[typ]))]
    if rng.random() < 0.2:
        sides.reverse()
    return "%s %s %s" % (sides[0], operator, sides[1])


def condition(rng, depth=0):
    kind = rng.random()
    if depth == 3 or kind < 0.4:
        return leaf(rng)
    if kind < 0.55:
        return "NOT (%s)" % condition(rng, depth + 1)
    joined = rng.choice([" AND ", " OR "]).join(condition(rng, depth + 1) for _ in range(rng.randint(2, 3)))
    return "(%s)" % joined


def aggregate(rng, distinct):
    return rng.choice([
        "count(*)", "count(%s)" % rng.choice(list(COLUMNS)), "sum(m)", "sum(i)", "sum(l)", "sum(dx)", "sum(s)",
        "%s(%s)" % (rng.choice(["min", "max"]), rng.choice(["i", "l", "f", "m", "ts", "dx", "t", "s", "tn"])),
        "count(DISTINCT %s)" % distinct,
        "sum(m) / nullif(count(*), 0)",
    ])


def query(rng):
    where = " WHERE " + condition(rng) if rng.random() < 0.8 else ""
    kind = rng.random()
    if kind < 0.4:
        columns = rng.sample(list(COLUMNS), rng.randint(1, 5)) + ["id"]
        return "SELECT %s FROM t%s" % (", ".join(columns), where)
    distinct = rng.choice(list(COLUMNS))
    aggregates = [aggregate(rng, distinct) for _ in range(rng.randint(1, 4))]
    if kind < 0.65:
        return "SELECT %s FROM t%s" % (", ".join(aggregates), where)
    keys = rng.sample(["b", "g", "t", "i", "dx", "l", "ts", "f", "s", "tn"], rng.randint(1, 2))
    having = " HAVING %s" % rng.choice(["count(*) > 2", "min(i) < 5", "sum(m) IS NOT NULL"]) \
        if rng.random() < 0.3 else ""
    return "SELECT %s FROM t%s GROUP BY %s%s" % (", ".join(keys + aggregates), where, ", ".join(keys), having)


def main():
    seed, count = sys.argv[1:]
    rng = random.Random("queries " + seed)
    for _ in range(int(count)):
        print(query(rng))


if __name__ == "__main__":
    main()
