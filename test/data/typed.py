#!/usr/bin/env python3
"""Documents with values of many BSON types, and what they are in SQL.

typed.py NAME prints the rows that a table over the collection NAME has, for
json_populate_recordset().  They are worked out here, from the definition of a
column's value, so that the wrapper is not compared with itself.

- sound: every value fits its column;
- mixed: also values that do not, which are NULL under on_mismatch 'null'.

Both come from a fixed seed, so they are the same every time.
"""

import json
import math
import random
import sys
from datetime import datetime, timedelta, timezone

from bson import Int64, ObjectId, Regex, Timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MISSING = object()
NULL = None
COUNT = 1500

OIDS = [ObjectId("%024x" % (0xABC << 60 | i)) for i in range(6)]
INSTANTS = [
    EPOCH,
    EPOCH - timedelta(milliseconds=1),
    EPOCH + timedelta(milliseconds=1),
    datetime(1, 1, 1, tzinfo=timezone.utc),
    datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=timezone.utc),
    datetime(2026, 3, 28, 23, 59, 59, 999000, tzinfo=timezone.utc),
    datetime(2026, 3, 29, 1, 30, tzinfo=timezone.utc),
    datetime(2026, 3, 1, tzinfo=timezone.utc),
]
WORDS = [
    "", " ", "a", "A", "ab", "b", "ann@example.com", "o'hara", '"q"', "$a", "$$ROOT",
    "a.b", "back\\slash", "żółw", "名前", "\U0001f600", "null", "true", "1", "NaN",
    "tab\there", "line\nbreak", str(OIDS[0]), str(OIDS[1]), str(OIDS[2]).upper(), "x" * 300,
]


def whole(rng, low, high):
    return rng.choice([0, 1, -1, 2, 3, 5, 7, 10, 42, 100, low, high, rng.randint(-20, 20), rng.randint(low, high)])


# Each maker returns (BSON value, SQL value); NULL is SQL's null.

def boolean(rng):
    value = rng.random() < 0.5
    return value, value


def number_of(value, rng, fits_double):
    """An integer in one of the forms that it can be stored in."""
    forms = [Int64(value)]
    if -2**31 <= value < 2**31:
        forms.append(value)
    if fits_double:
        forms.append(float(value))
    return rng.choice(forms)


def int4(rng):
    value = whole(rng, -2**31, 2**31 - 1)
    return number_of(value, rng, True), value


def int8(rng):
    value = whole(rng, -2**63, 2**63 - 1)
    return number_of(value, rng, int(float(value)) == value and float(value) < 2**63), value


def float8(rng):
    value = rng.choice([
        0.0, 0.5, -0.5, 1.0, 1.5, 2.25, 3.0, -7.75, 1024.125, math.nan, math.inf, -math.inf,
        1e300, -1e300, 5e-324, float(rng.randint(-50, 50)), rng.randint(-400, 400) / 8,
    ])
    if value == value and abs(value) < 2**31 and value == int(value) and rng.random() < 0.5:
        return rng.choice([int(value), Int64(int(value))]), value
    return value, value


def minutes(rng):
    """Multiples of an eighth: their sums are exact in any order."""
    value = rng.randint(-100, 4000) / 8
    return (int(value) if value == int(value) and rng.random() < 0.5 else value), value


def text(rng):
    if rng.random() < 0.2:
        value = rng.choice(OIDS)
        return value, str(value)
    value = rng.choice(WORDS)
    return value, value


def instant(rng):
    value = rng.choice(INSTANTS + [EPOCH + timedelta(milliseconds=rng.randint(0, 2 * 10**12))])
    return value, value.isoformat(timespec="milliseconds")


WRONG = {
    "boolean": [0, 1, "true", [True], {"a": True}, ObjectId(b"0" * 12)],
    "int4": [1.5, 2**31, float(2**31), math.nan, math.inf, "5", True, [1], [], {"a": 1}, INSTANTS[0], Int64(-2**40)],
    "int8": [1.5, 2.0**63, math.nan, -math.inf, "5", False, [1], [[1]], {"a": 1}, INSTANTS[0]],
    "float8": [Int64(2**53 + 1), Int64(2**63 - 1), "0.5", True, [0.5], {}, INSTANTS[0]],
    "minutes": ["5", [5], {"m": 5}, INSTANTS[0], Int64(2**60 + 1)],
    "text": [1, 0.5, True, ["a"], [], {"a": "a"}, INSTANTS[0], Regex("a")],
    "instant": [0, "2026-03-01T00:00:00Z", [INSTANTS[0]], {"a": INSTANTS[0]}, Timestamp(1, 1), OIDS[0]],
}

COLUMNS = [("b", boolean), ("i", int4), ("l", int8), ("f", float8), ("m", minutes),
           ("t", text), ("ts", instant)]


def value_of(rng, make, with_wrong):
    chance = rng.random()
    if chance < 0.08:
        return MISSING, NULL
    if chance < 0.16:
        return None, NULL
    if with_wrong and chance < 0.28:
        return rng.choice(WRONG[make.__name__]), NULL
    return make(rng)


def rows(name):
    """Pairs of a document and its row."""
    rng = random.Random("typed " + name)
    with_wrong = name == "mixed"
    for number in range(COUNT):
        document = {"_id": number}
        row = [number]
        for column, make in COLUMNS:
            value, sql = value_of(rng, make, with_wrong)
            if value is not MISSING:
                document[column] = value
            row.append(sql)
        # a field in a document, which may itself be missing, or something else
        value, sql = value_of(rng, int4, with_wrong)
        holder = rng.random()
        if holder < 0.1:
            sql = NULL
            if holder < 0.07:
                document["d"] = rng.choice([None, {}, {"y": 1}, 5, "x"])
        elif with_wrong and holder < 0.2:
            document["d"] = [{"x": 1}, {"x": 2}] if holder < 0.15 else []
            sql = NULL
        else:
            document["d"] = {"x": value} if value is not MISSING else {"y": 2}
        row.append(sql)
        # a group of a few, and fields in another order now and then
        document["g"] = number % 7
        row.append(number % 7)
        if rng.random() < 0.3:
            items = list(document.items())
            rng.shuffle(items)
            document = dict(items)
        yield document, row


def documents(name):
    return [document for document, row in rows(name)]


def sql_text(value):
    """What PostgreSQL's input functions take."""
    return value if value is NULL else repr(value) if isinstance(value, float) else str(value)


def main():
    json.dump([dict(zip(["id"] + [column for column, make in COLUMNS] + ["dx", "g"], map(sql_text, row)))
               for document, row in rows(sys.argv[1])], sys.stdout)


if __name__ == "__main__":
    main()
