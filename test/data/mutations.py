#!/usr/bin/env python3
"""Prints queries of corpus.sql that are changed at random: mutations.py SEED COUNT

One a line: the time zone and the query, with a tab between them.  A constant, a column,
an operator or a function is another one, or the query is part of another.  Many are no
queries, which only PostgreSQL can tell.

Queries are left out if their answers may differ: where the order of equal rows is free,
in the last digits, as those of sums of doubles and bigints, at the ends of the calendar,
which the test server does not know.
"""

import random
import re
import sys

import corpus

LEFT_OUT = re.compile(r"LIMIT|OFFSET|FETCH|DISTINCT ON|OVER|_agg|ARRAY\(|\)\[1\]|generate_series|stddev|var_|variance|corr|covar|regr_|random|now\(|"
                      r"\bBC\b|infinity|\d{5,}-\d|(?:sum|avg)\((?=.*\b[mf]\b).*\bl\b", re.I)

COLUMNS = ["i", "g", "dx", "id", "l", "f", "m", "t", "v", "ts", "w", "b", "s", "n", "d8", "tn", "c", "r", "n3", "nm", "e",
           "dm", "tm", "ia", "ta", "j", "u", "by"]
# what a constant, a column, an operator or a function becomes
CONSTANTS = ["NULL", "0", "-1", "1", "2147483647", "''", "'a'", "1.5", "NULL::int", "NULL::text", "'NaN'", "(SELECT 1)",
             "9223372036854775807", "1e300", "'-Infinity'", "0.5", "'2025-03-30'", "'%_'", "NULL::numeric", "-0.0"]
EXPRESSIONS = COLUMNS + ["NULL", "coalesce(i, g)", "(t || 'x')", "-f", "i::float8", "g::text", "t::varchar", "t::bpchar",
                         "n::float8", "ts::date", "(i + 1)", "l::int", "upper(t)", "unnest(ia)"]
OPERATORS = ["=", "<>", "<", ">=", "IS DISTINCT FROM", "AND", "OR", "IS NOT DISTINCT FROM"]
FUNCTIONS = ["sum", "avg", "min", "max", "count", "lower", "length", "abs", "bool_and"]
AROUND = ["SELECT count(*) FROM (%s) mq", "SELECT DISTINCT * FROM (%s) mq", "SELECT mq FROM (%s) mq",
          "WITH mq AS (%s) SELECT count(mq.*), count(*) FROM mq", "SELECT * FROM (%s) mq UNION ALL SELECT * FROM (%s) mr"]

# how often what is replaced by one of what
CHANGES = [
    (35, r"'(?:[^']|'')*'|(?<![\w.$])\d+(?:\.\d+)?\b", CONSTANTS),
    (40, r"(?<![\w.'$])(?:%s)(?![\w'(.])" % "|".join(COLUMNS), EXPRESSIONS),
    (10, r"(?<= )(?:=|<>|<|>|<=|>=|AND|OR|LIKE)(?= )", OPERATORS),
    (8, r"\b(?:sum|avg|min|max|count|lower|upper|length|abs|bool_or)(?=\()", FUNCTIONS),
]
AROUND_WEIGHT = 7


def change(rng, query):
    """The query with one change."""
    choice = rng.choices(CHANGES + [None], [weight for weight, _, _ in CHANGES] + [AROUND_WEIGHT])[0]
    if choice is None:
        return rng.choice(AROUND).replace("%s", query)
    _, pattern, others = choice
    places = list(re.finditer(pattern, query))
    if not places:
        return query
    place = rng.choice(places)
    return query[:place.start()] + rng.choice(others) + query[place.end():]


def main():
    rng, count = random.Random(sys.argv[1]), int(sys.argv[2])
    queries = [(zone, query) for zone, _, query in corpus.queries()]
    known = {query for _, query in queries}
    while count > 0:
        zone, query = rng.choice(queries)
        for _ in range(rng.choice([1, 1, 2])):
            query = change(rng, query)
        if query not in known and not LEFT_OUT.search(query):
            known.add(query)
            count -= 1
            print(zone, query, sep="\t")


if __name__ == "__main__":
    main()
