#!/usr/bin/env python3
"""Documents with values of many BSON types, and what they are in SQL.

typed.py NAME prints the rows that a table over the collection NAME has, for
json_populate_recordset().  They are worked out here, from the definition of a
column's value, so that the wrapper is not compared with itself.

- sound: every value fits its column;
- mixed: also values that do not, which are NULL under on_mismatch 'null';
- few, many: as mixed, and fewer or more of them.

All come from a fixed seed, so they are the same every time.  There are as few of
mixed as have each of the values that do not fit a column, and as few of sound: the test
server reads and decodes each document of a collection for each query, so that a query
takes as much longer as there are more.  scripts/test --all has more behind them.
"""

import json
import math
import os
import random
import struct
import sys
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import bson
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.raw_bson import RawBSONDocument

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MISSING = object()
NULL = None
# (thirds of them are made)
USUAL = 1500 if os.environ.get("AD_TEST_ALL") == "yes" else 510
COUNT = {"few": 300, "sound": USUAL, "mixed": USUAL, "many": 5000}

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
TURNS = [datetime(*day, tzinfo=timezone.utc) for day in (
    (2025, 3, 30), (2025, 10, 26), (2025, 3, 9), (2025, 11, 2), (2018, 2, 18), (2018, 11, 4), (2025, 4, 6), (2011, 12, 30))]
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
    forms = [Int64(value), Decimal128(str(value))]
    if value == 0:
        forms += [-0.0, Decimal128("-0"), Decimal128("0E+6000"), Decimal128("0E-6176")]
    elif value % 10 == 0:
        forms.append(Decimal128("%dE+1" % (value // 10)))
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
        return rng.choice([int(value), Int64(int(value)), Decimal128(str(int(value)))]), value
    if abs(value) < 1000 and value * 8 == int(value * 8):
        return rng.choice([value, Decimal128(Decimal(value))]), value
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


def turn(rng):
    """Around the hours at which clocks are turned, in one zone or another."""
    value = rng.choice(TURNS) + timedelta(minutes=30 * rng.randint(-60, 60), milliseconds=rng.choice([0, 0, 1, -1]))
    return value, value.isoformat(timespec="milliseconds")


def int2(rng):
    value = whole(rng, -2**15, 2**15 - 1)
    return number_of(value, rng, True), value


def float4(rng):
    value = rng.choice([0.0, 0.5, -2.25, 1024.0, math.nan, math.inf, -math.inf,
                        struct.unpack("f", struct.pack("f", rng.uniform(-9, 9)))[0]])
    return value, value


def decimal_text(value):
    return format(value, "f")


def numeric(rng):
    form = rng.randrange(4)
    if form == 0:
        value = whole(rng, -2**63, 2**63 - 1)
        return Int64(value), value
    if form == 1:
        value = rng.choice([0.1, 0.5, -2.675, 1e20, 1.7976931348623157e308, 5e-324, 123456.789])
        return value, decimal_text(Decimal(repr(value)))
    value = rng.choice(["0", "0.10", "-1.5", "NaN", "Infinity", "-Infinity", "1E+40", "1E-40",
                        "9999999999999999999999999999999999", "-0.0000001234567890123456789012345678901234",
                        "9.999999999999999999999999999999999E+6144", "1E-6176"])
    if value.strip("-") in ("NaN", "Infinity"):
        return Decimal128(value), value
    return Decimal128(value), decimal_text(Decimal(value))


def money(rng):
    """numeric(8, 3)"""
    value = Decimal(rng.randint(-99999999, 99999999)) / 1000
    return rng.choice([Decimal128(value), float(value)]), "%.3f" % value


def varchar(rng):
    """varchar(5)"""
    value = rng.choice(["", "a", "ab cd", "żółw", "名前名前名", "\U0001f600" * 5, "12345"])
    return value, value


def char(rng):
    """char(4)"""
    value = rng.choice(["", "a", "żółw", "ab  ", "abc     ", "名 前"])
    return value, value


def name(rng):
    value = rng.choice(["", "name", "x" * 63, "名" * 21, "A b"])
    return value, value


def a_uuid(rng):
    value = uuid.UUID(int=rng.getrandbits(128))
    return Binary(value.bytes, rng.choice([3, 4])), str(value)


def binary(rng):
    if rng.random() < 0.2:
        value = rng.choice(OIDS)
        return value, "\\x" + str(value)
    value = bytes(rng.getrandbits(8) for _ in range(rng.choice([0, 1, 16, 40])))
    return Binary(value, rng.choice([0, 5, 128])), "\\x" + value.hex()


def date(rng):
    value = datetime(rng.choice([1, 1600, 1969, 1970, 2026, 9999]), rng.randint(1, 12), rng.randint(1, 28), tzinfo=timezone.utc)
    return value, value.date().isoformat()


def time(rng):
    value = EPOCH + timedelta(milliseconds=rng.choice([0, 1, 86399999, rng.randrange(86400000)]))
    return value, value.time().isoformat()


def timestamp(rng):
    value = instant(rng)[0]
    return value, value.replace(tzinfo=None).isoformat(timespec="milliseconds")


def a_json(rng, depth=0):
    """A value, and what it is in JSON."""
    scalars = [
        (1, 1), (-0.5, -0.5), (Int64(2**60), 2**60), (Decimal128("1.50"), Decimal("1.50")), (True, True), (None, None),
        ("żółw \"\\\n", "żółw \"\\\n"), (OIDS[0], str(OIDS[0])), (math.nan, {"$numberDouble": "NaN"}),
        (-math.inf, {"$numberDouble": "-Infinity"}), (Decimal128("Infinity"), {"$numberDecimal": "Infinity"}),
        (EPOCH, "1970-01-01T00:00:00Z"), (INSTANTS[5], "2026-03-28T23:59:59.999Z"),
        (Binary(b"\x01\x02\xff", 0), {"$binary": {"base64": "AQL/", "subType": "00"}}),
        (Binary(b"", 128), {"$binary": {"base64": "", "subType": "80"}}),
        (Regex("^a", "i"), {"$regularExpression": {"pattern": "^a", "options": "i"}}),
        (Timestamp(4294967295, 7), {"$timestamp": {"t": 4294967295, "i": 7}}),
        (Code("f()"), {"$code": "f()"}), (Code("g()", {"x": 1}), {"$code": "g()", "$scope": {"x": 1}}),
        (MinKey(), {"$minKey": 1}), (MaxKey(), {"$maxKey": 1}), ({}, {}), ([], []),
    ]
    form = rng.random()
    if depth > 3 or form < 0.5:
        value, sql = rng.choice(scalars)
    elif form < 0.75:
        pairs = [a_json(rng, depth + 1) for _ in range(rng.randint(1, 4))]
        value, sql = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    else:
        keys = rng.sample(["a", "b", "żółw", "a b", 'q"q', "k1", "longer key"], rng.randint(1, 4))
        pairs = [a_json(rng, depth + 1) for _ in keys]
        value, sql = ({key: pair[side] for key, pair in zip(keys, pairs)} for side in (0, 1))
    return value, sql


class Deprecated:
    """A value of a type that pymongo does not write."""

    def __init__(self, number, data):
        self.number, self.data = number, data

    def element(self, name):
        return bytes([self.number]) + name.encode() + b"\0" + self.data


UNDEFINED = Deprecated(6, b"")
SYMBOL = Deprecated(14, struct.pack("<i", 4) + b"sym\0")
DB_POINTER = Deprecated(12, struct.pack("<i", 2) + b"c\0" + b"\1" * 12)


def encoded(document):
    """A document as pymongo takes it, whose fields may be deprecated."""
    if not any(isinstance(value, Deprecated) for value in document.values()):
        return document
    body = b"".join(value.element(name) if isinstance(value, Deprecated) else bson.encode({name: value})[4:-1]
                    for name, value in document.items())
    return RawBSONDocument(struct.pack("<i", len(body) + 5) + body + b"\0")


class Json(str):
    """JSON that is written already."""


def json_text(value):
    """JSON with Decimals as numbers of their digits."""
    if isinstance(value, Json):
        return value
    if isinstance(value, dict):
        return "{%s}" % ", ".join("%s: %s" % (json.dumps(key), json_text(item)) for key, item in value.items())
    if isinstance(value, list):
        return "[%s]" % ", ".join(map(json_text, value))
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def jsonb(rng):
    value, sql = a_json(rng)
    return value, NULL if value is None else Json(json_text(sql))


def array_text(value):
    """What array_in() takes."""
    if isinstance(value, list):
        return "{%s}" % ",".join(map(array_text, value))
    if value is NULL:
        return "NULL"
    return '"%s"' % str(value).replace("\\", "\\\\").replace('"', '\\"')


def int_array(rng):
    if rng.random() < 0.3:
        width = rng.randint(1, 3)
        rows_of = [[int4(rng) for _ in range(width)] for _ in range(rng.randint(1, 3))]
        return [[item[0] for item in row] for row in rows_of], array_text([[item[1] for item in row] for row in rows_of])
    items = [rng.choice([int4(rng), (None, NULL)]) for _ in range(rng.randint(0, 4))]
    return [item[0] for item in items], array_text([item[1] for item in items])


def text_array(rng):
    items = [rng.choice([text(rng), (None, NULL)]) for _ in range(rng.randint(0, 4))]
    return [item[0] for item in items], array_text([item[1] for item in items])


def jsonb_array(rng):
    items = [a_json(rng, 2) for _ in range(rng.randint(0, 3))]
    return [item[0] for item in items], array_text([NULL if item[0] is None else json_text(item[1]) for item in items])


def enum(rng):
    value = rng.choice(["red", "green", "deep blue"])
    return value, value


def domain(rng):
    """A domain over int whose values are positive."""
    value = rng.randint(1, 2**31 - 1)
    return number_of(value, rng, True), value


# Of each BSON type some values, as a column of another type has them
STRANGE = {
    "string": ["12", str(OIDS[0]), "2026-03-01", "", "a\0b", SYMBOL],
    "document": [{}, {"a": 1}, {"$numberInt": "1"}], "array": [[], [[]], [1, "a"], [[1], [2, 3]]],
    "binary": [Binary(b"", 0), Binary(b"\0" * 8, 5), Binary(b"x" * 16, 4), Binary(b"x", 128)],
    "objectId": [OIDS[0]], "bool": [True, False], "date": [EPOCH, INSTANTS[3], INSTANTS[4]],
    "other": [Regex("^a", "im"), Code("f()"), Code("f()", {"x": 1}), Timestamp(0, 0), Timestamp(2**32 - 1, 1), DB_POINTER,
              MinKey(), MaxKey()],
    "number": [0, 5, -0.0, 0.5, math.nan, math.inf, -math.inf, Int64(2**63 - 1), Int64(-2**63), Decimal128("NaN"), Decimal128("Infinity"),
               Decimal128("-0"), Decimal128("0E+6000"), Decimal128("9.999999999999999999999999999999999E+6144"), Decimal128("1E-6176")],
    "no integer": [0.5, math.nan, math.inf, -math.inf, Decimal128("NaN"), Decimal128("-Infinity"), Decimal128("1E-6176"),
                   Decimal128("9.999999999999999999999999999999999E+6144")],
}
# and which of them are of another type than a column's
STRANGE_TO = {
    **dict.fromkeys(["boolean"], "string document array binary objectId date other number"),
    **dict.fromkeys(["int4", "int8", "int2", "domain"], "string document array binary objectId bool date other no_integer"),
    **dict.fromkeys(["float8", "minutes", "float4", "numeric", "money"], "string document array binary objectId bool date other"),
    "text": "document array binary bool date other number", "enum": "document array binary objectId bool date other number",
    **dict.fromkeys(["varchar", "char", "name"], "document array binary bool date other number"),
    "a_uuid": "string document array objectId bool date other number", "binary": "string document array bool date other number",
    **dict.fromkeys(["turn", "instant", "timestamp", "date", "time"], "string document array binary objectId bool other number"),
    **dict.fromkeys(["int_array", "text_array", "jsonb_array"], "string document binary objectId bool date other number"),
    "jsonb": "",
}

WRONG = {
    "boolean": [0, 1, "true", [True], {"a": True}, ObjectId(b"0" * 12)],
    "int4": [1.5, 2**31, float(2**31), math.nan, math.inf, "5", True, [1], [], {"a": 1}, INSTANTS[0], Int64(-2**40),
             Decimal128("1.5"), Decimal128("2147483648"), Decimal128("NaN"), Decimal128("1E+6000")],
    "int8": [1.5, 2.0**63, math.nan, -math.inf, "5", False, [1], [[1]], {"a": 1}, INSTANTS[0],
             Decimal128("0.1"), Decimal128("9223372036854775808"), Decimal128("-Infinity")],
    "float8": [Int64(2**53 + 1), Int64(2**63 - 1), "0.5", True, [0.5], {}, INSTANTS[0], Decimal128("0.1")],
    "minutes": ["5", [5], {"m": 5}, INSTANTS[0], Int64(2**60 + 1), Decimal128("0.3")],
    "text": ["a\0b", "\0", 1, 0.5, True, ["a"], [], {"a": "a"}, INSTANTS[0], Regex("a")],
    "turn": [0, "2025-03-30T00:00:00Z", [TURNS[0]], {"a": TURNS[0]}, Timestamp(1, 1), OIDS[0]],
    "instant": [0, "2026-03-01T00:00:00Z", [INSTANTS[0]], {"a": INSTANTS[0]}, Timestamp(1, 1), OIDS[0]],
    "int2": [32768, -32769, 0.5, "1", [1], Decimal128("32768"), True],
    "float4": [0.1, 2**24 + 1, 1e300, "1", [0.5]],
    "numeric": ["1", True, [1], {}, EPOCH],
    "money": [0.0001, Decimal128("100000"), 1e6, math.inf, Decimal128("0.1234"), "1"],
    "varchar": ["123456", "ab cd ", 1, ["a"], OIDS[0]],
    "char": ["12345", "名前名前名", 1, []],
    "name": ["x" * 64, "名" * 22, 1],
    "a_uuid": ["00000000-0000-0000-0000-000000000000", Binary(b"0" * 16, 0), Binary(b"0" * 15, 4), OIDS[0]],
    "binary": ["x", 1, [1]],
    "date": [EPOCH + timedelta(milliseconds=1), EPOCH - timedelta(hours=12), "2026-01-01", 0],
    "time": [EPOCH + timedelta(days=1), EPOCH - timedelta(milliseconds=1), "12:00", 0],
    "timestamp": [0, "2026-03-01", [EPOCH], Timestamp(1, 1)],
    "jsonb": ["U\0", {"a": ["x\0"]}],
    "int_array": [1, [1, "2"], [[1], [2, 3]], [1, [2]], [[1], 2], [[1], None], [[]], [[[[[[[1]]]]]]], {"0": 1}, [1.5]],
    "text_array": ["a", [1], [["a"], "b"], {}],
    "jsonb_array": [{}, 1, ["\0"]],
    "enum": ["", "RED", "blue", 1, ["red"]],
    "domain": ["1", 0.5, [1]],
}
for _name, _groups in STRANGE_TO.items():
    WRONG[_name] = WRONG[_name] + [value for group in _groups.split() for value in STRANGE[group.replace("_", " ")]]

# The columns that queries use, and those that are only read
COLUMNS = [("b", boolean), ("i", int4), ("l", int8), ("f", float8), ("m", minutes),
           ("t", text), ("ts", instant), ("s", int2), ("tn", timestamp)]
READ_ONLY = [("r", float4), ("n", numeric), ("n3", money), ("v", varchar), ("c", char), ("nm", name), ("u", a_uuid),
             ("by", binary), ("d8", date), ("tm", time), ("j", jsonb), ("ia", int_array), ("ta", text_array),
             ("ja", jsonb_array), ("e", enum), ("dm", domain), ("w", turn)]
NAMES = ["id"] + [column for column, make in COLUMNS] + ["dx", "g"] + [column for column, make in READ_ONLY]


class Decks:
    """The values that do not fit, for each column: all are dealt before one comes again."""

    def __init__(self, rng):
        self.rng, self.decks = rng, {}

    def deal(self, column, make):
        deck = self.decks.setdefault(column, [])
        if not deck:
            deck += self.rng.sample(WRONG[make.__name__], len(WRONG[make.__name__]))
        return deck.pop()


def value_of(rng, column, make, decks):
    chance = rng.random()
    if chance < 0.08:
        return MISSING, NULL
    if chance < 0.15:
        return None, NULL
    if chance < 0.16:
        return UNDEFINED, NULL
    if decks and chance < 0.32:
        return decks.deal(column, make), NULL
    return make(rng)


def rows(name):
    """Pairs of a document and its row."""
    rng = random.Random("typed " + name)
    decks = None if name == "sound" else Decks(rng)
    for number in range(COUNT[name]):
        document = {"_id": number}
        row = [number]
        for column, make in COLUMNS:
            value, sql = value_of(rng, column, make, decks)
            # the test server's order of doubles beyond 2^53 and decimals is wrong
            if name == "few" and column == "l" and sql is not NULL and abs(sql) > 2**53:
                value = Int64(sql)
            if value is not MISSING:
                document[column] = value
            row.append(sql)
        # a field in a document, which may itself be missing, or something else
        holder, sql = rng.random(), NULL
        if holder < 0.1:
            if holder < 0.07:
                document["d"] = rng.choice([None, {}, {"y": 1}, 5, "x"])
        elif decks and holder < 0.2:
            document["d"] = [{"x": 1}, {"x": 2}] if holder < 0.15 else []
        else:
            value, sql = value_of(rng, "dx", int4, decks)
            if isinstance(value, Deprecated):
                value = None
            document["d"] = {"x": value} if value is not MISSING else {"y": 2}
        row.append(sql)
        # a group of a few, and fields in another order now and then
        document["g"] = number % 7
        row.append(number % 7)
        for column, make in READ_ONLY:
            value, sql = value_of(rng, column, make, decks)
            if value is not MISSING:
                document[column] = value
            row.append(sql)
        if rng.random() < 0.3:
            items = list(document.items())
            rng.shuffle(items)
            document = dict(items)
        yield document, row


def documents(name):
    return [encoded(document) for document, row in rows(name)]


def check():
    """The promise of this file's header."""
    found = {}
    for document, row in rows("mixed"):
        document["dx"] = document["d"].get("x") if isinstance(document.get("d"), dict) else None
        for column, value in document.items():
            found.setdefault(column, set()).add(repr(value))
    for column, make in COLUMNS + READ_ONLY + [("dx", int4)]:
        lacking = {repr(value) for value in WRONG[make.__name__] if not isinstance(value, Deprecated)} - found[column]
        assert not lacking, "no %s in column %s of mixed" % (lacking, column)


def sql_text(value):
    """What PostgreSQL's input functions take."""
    if value is NULL or isinstance(value, Json):
        return value
    return repr(value) if isinstance(value, float) else str(value)


def main():
    sys.stdout.write(json_text([dict(zip(NAMES, map(sql_text, row))) for document, row in rows(sys.argv[1])]))


if __name__ == "__main__":
    main()
