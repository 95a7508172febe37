#!/usr/bin/env python3
"""Loads what the tests read: load_tests.py URI

One function below for each collection of the database ad_test, named as the
collection and returning its documents.  Everything that was in the database
before is dropped.  The databases of shapes.py are loaded, too.

load_tests.py calls prints the rows of calls, for json_populate_recordset().
"""

import json
import math
import sys
import uuid
from datetime import datetime, timedelta, timezone

import pymongo
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

import bi as bi_calls
import shapes
import typed

DATABASE = "ad_test"


def ms(*args, millisecond=0):
    return datetime(*args, tzinfo=timezone.utc) + timedelta(milliseconds=millisecond)


def calls():
    """The dashboard's edges.  The range to ask for is 2026-03-01T00:00:00Z to
    2026-03-31T23:59:59.999Z; ids from 100 on are outside it."""
    missing = object()
    rows = [
        # id, e-mail, created_at, minutes
        (1, "ann@example.com", ms(2026, 3, 1), 10),                     # at the first bound
        (2, "ann@example.com", ms(2026, 3, 31, 23, 59, 59, millisecond=999), 2.5),   # at the last
        (3, "ann@example.com", ms(2026, 3, 1, millisecond=1), Int64(7)),
        (4, "bob@example.com", ms(2026, 3, 5, 12), 0),
        (5, "bob@example.com", ms(2026, 3, 5, 12, millisecond=123), -1.25),
        (6, "bob@example.com", ms(2026, 3, 6), None),                   # in progress
        (7, "bob@example.com", ms(2026, 3, 6), missing),
        (8, None, ms(2026, 3, 7), 4),                                   # nobody's
        (9, missing, ms(2026, 3, 7), 1.125),
        (10, "o'hara@example.com", ms(2026, 3, 8), 3),
        (11, 'the "boss"@example.com', ms(2026, 3, 8), 3.25),
        (12, "$created_by_email", ms(2026, 3, 9), 6),
        (13, "$$ROOT", ms(2026, 3, 9), 6.5),
        (14, "a.b.c@mail.example.com", ms(2026, 3, 10), 8),
        (15, "żółw.名前@пример.example", ms(2026, 3, 10), 9),
        (16, "back\\slash@example.com", ms(2026, 3, 11), 0.005),
        (17, "", ms(2026, 3, 11), 1),                                   # empty is a user
        (18, "progress@example.com", ms(2026, 3, 12), missing),         # active, no minutes
        (19, "ANN@example.com", ms(2026, 3, 12), 1e-9),
        (20, "ann@example.com ", ms(2026, 3, 12), 1000000),
        (100, "ann@example.com", ms(2026, 2, 28, 23, 59, 59, millisecond=999), 50),
        (101, "ann@example.com", ms(2026, 4, 1), 60),
        (102, "early@example.com", ms(1969, 12, 31, 23, 59, 59, millisecond=999), 70),
        (103, "late@example.com", ms(2026, 4, 2), 80),
        (104, "late@example.com", ms(2026, 4, 2), None),
    ]
    for number, email, at, duration in rows:
        document = {
            "_id": ObjectId("%024x" % number),
            "call_id": "c%d" % number,
            "created_by_email": email,
            "created_at": at,
            "duration_minutes": duration,
            "meta": {"room": {"name": "room %d" % (number % 3)}},
        }
        yield {name: value for name, value in document.items() if value is not missing}


def calls_not_finite():
    """What does not add up to a number: a call a day of May 2026, and two on the
    fourth whose sum is beyond a double."""
    for day, minutes in [(1, math.nan), (2, math.inf), (3, -math.inf), (4, 1e308), (4, 1e308), (5, 1)]:
        yield {"created_by_email": "ann@example.com", "created_at": ms(2026, 5, day), "duration_minutes": minutes}


def values():
    """One of each kind, by name; what they are in each SQL type is in
    test/sql/types.sql."""
    oid = ObjectId("0123456789abcdef01234567")
    some_uuid = bytes(range(16))
    found = {
        "null": None, "true": True, "false": False,
        "int 0": 0, "int 5": 5, "int min": -2**31, "int 40000": 40000,
        "long 5": Int64(5), "long 2^31": Int64(2**31), "long 2^53+1": Int64(2**53 + 1),
        "long max": Int64(2**63 - 1), "long min": Int64(-2**63),
        "double 5": 5.0, "double 5.5": 5.5, "double 0.1": 0.1, "double -0": -0.0, "double NaN": math.nan,
        "double inf": math.inf, "double -inf": -math.inf, "double 1e300": 1e300, "double 2^63": 2.0**63,
        "double 5e-324": 5e-324, "double 0.1 + 0.2": 0.1 + 0.2,
        "decimal 5": Decimal128("5"), "decimal 5.50": Decimal128("5.50"), "decimal 0.1": Decimal128("0.1"),
        "decimal 1E+20": Decimal128("1E+20"), "decimal NaN": Decimal128("NaN"), "decimal -inf": Decimal128("-Infinity"),
        "decimal 34 digits": Decimal128("0.1234567890123456789012345678901234"),
        "string empty": "", "string abc": "abc", "string hex": str(oid), "string longer": "żółw and 名前",
        "string U+0000": "a\0b", "string 5": "5", "string quotes": "\"\\'\n",
        "objectId": oid,
        "date 0": ms(1970, 1, 1), "date -1ms": ms(1970, 1, 1, millisecond=-1), "date noon": ms(1970, 1, 1, 12),
        "date midnight": ms(2026, 3, 28), "date first": ms(1, 1, 1), "date last": ms(9999, 12, 31, 23, 59, 59, millisecond=999),
        "binary empty": Binary(b"", 0), "binary": Binary(b"\x00\x01\xff", 0), "binary 128": Binary(b"x" * 16, 128),
        "uuid 4": Binary(some_uuid, 4), "uuid 3": Binary(some_uuid, 3), "uuid short": Binary(some_uuid[:15], 4),
        "array empty": [], "array of int": [1, 2, None], "array of mixed": [1, "a"], "array of string": ["a", None, 'b"c', "NULL", ""],
        "array 2x2": [[1, 2], [3, 4]], "array ragged": [[1], [2, 3]], "array of empty": [[]], "array of document": [{"a": 1}],
        "array of array null": [[1], None], "array 7 deep": [[[[[[[1]]]]]]],
        "document empty": {}, "document": {"b": 1, "a": {"c": [True, None, 1.5]}}, "document U+0000": {"a": "\0"},
        "document deep": nested(90),
        "regex": Regex("^a", "im"), "code": Code("f()"), "code with scope": Code("f()", {"x": 1}),
        "timestamp": Timestamp(7, 9), "minKey": MinKey(), "maxKey": MaxKey(),
    }
    yield {"_id": "missing"}
    for name, value in found.items():
        yield {"_id": name, "v": value}


def nested(depth):
    value = {"x": depth}
    for _ in range(depth):
        value = {"x": value}
    return value


def fields():
    """Names, paths and orders."""
    yield {"_id": 1, "a": {"b": {"c": 5}}, "tags": ["x", "y"], "A": 1, "żółw": 2, "with space": 3, "$dollar": 4,
           "a.b": 6, "": 7, "q\"uote": 8, "back\\slash": 9, "$": 10}
    yield {"$": 10, "back\\slash": 9, "q\"uote": 8, "": 7, "a.b": 6, "$dollar": 4, "with space": 3, "żółw": 2,
           "A": 1, "tags": ["x", "y"], "a": {"b": {"c": 5}}, "_id": ObjectId("0123456789abcdef01234567")}
    yield {"_id": "no documents on the way", "a": 1, "tags": "x"}
    yield {"_id": {"an": "object"}, "a": {"b": None}, "tags": []}
    yield {"_id": None, "a": {"x": 1}, "tags": {"0": "zero"}}


def wide():
    """Documents and arrays of as many elements as there are around multiples of 32,
    where jsonb has other entries, of values whose place depends on those before."""
    values = ["", "a", None, "abcde", 7, True, 2.5, "żółw", [], Int64(2**40), {}, "xyz", -0.001, {"b": 1, "": 2}, Decimal128("1.50"),
              [1, "ab", 3], 1e100, ms(2026, 3, 28, millisecond=5), "longer than the others", ObjectId("0123456789abcdef01234567"),
              Binary(b"x", 0), math.nan, 12345678.25, {"d": {"c": [{"b": "a"}]}}, False, 70000, -1]
    for count in [0, 1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000]:
        inner = [values[(n * n + count) % len(values)] for n in range(count)]
        # neither sorted nor all of one length
        names = ["k" * (n % 6) + str(n * 7919 % 1009) for n in range(count)]
        yield {"_id": count, "v": dict(zip(names, inner)), "array": inner}


def few():
    return typed.documents("few")


def sound():
    return typed.documents("sound")


def mixed():
    return typed.documents("mixed")


def many():
    return typed.documents("many")


def bi():
    return bi_calls.documents()


def parts():
    """Two thirds of the documents of few and of sound, by g and by _id, for
    test/data/partitions.sql, which has the last third."""
    for whole in ("few", "sound"):
        documents = typed.documents(whole)
        for part in (0, 1):
            yield "%s_by_g_%d" % (whole, part), [document for document in documents if document["g"] % 3 == part]
            yield "%s_by_id_%d" % (whole, part), documents[part * len(documents) // 3:(part + 1) * len(documents) // 3]


def letters():
    """Every character that has another case, alone and beside letters that such a
    character can become."""
    texts = {}
    for code in (*range(1, 0x600), *range(0x1e00, 0x2190), *range(0xfb00, 0xfb07), *range(0xff21, 0xff5b)):
        character = chr(code)
        if code < 128 or character.lower() != character or character.upper() != character:
            texts.update(dict.fromkeys([character, "a%sb" % character]))
    for character in ["I", "\u0130", "\u0131", "K", "\u212a", "\u00df", "\u017f", "\u03a3", "\ufb01", "i\u0307", "I\u0301", "J\u0301"]:
        for beside in ["", "i", "k", "sick", "\u0307", "\u0301", "\n", "."]:
            texts.update(dict.fromkeys([character + beside, beside + character, "S%sCK%s" % (character, beside)]))
    texts.update(dict.fromkeys(["", "%", "_", "a_b", "ACME", "Acme\n", "acmes", "\\", "65a1b2c3d4e5f60718293a4b"]))
    return ([{"_id": number, "x": text} for number, text in enumerate(texts)] +
            [{"_id": -1, "x": ObjectId("65a1b2c3d4e5f60718293a4b")}, {"_id": -2, "x": None}, {"_id": -3}, {"_id": -4, "x": 5},
             {"_id": -5, "x": ["sick"]}, {"_id": -6, "x": "si\0ck"}])


COLLECTIONS = [calls, calls_not_finite, values, fields, wide, few, sound, mixed, many, bi, letters]


def print_calls():
    json.dump([{name: str(document[name]) for name in ("created_by_email", "created_at", "duration_minutes")
                if document.get(name) is not None} for document in calls()], sys.stdout)


def main():
    if sys.argv[1] == "calls":
        return print_calls()
    typed.check()
    client = pymongo.MongoClient(sys.argv[1], serverSelectionTimeoutMS=5000)
    client.drop_database(DATABASE)
    for name, documents in [(collection.__name__, list(collection())) for collection in COLLECTIONS] + list(parts()):
        client[DATABASE][name].insert_many(documents)
        print("%d documents in %s.%s" % (len(documents), DATABASE, name))
    client[DATABASE]["calls"].create_index("created_at")
    shapes.load(client)


if __name__ == "__main__":
    main()
