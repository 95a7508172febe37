"""Databases for IMPORT FOREIGN SCHEMA:

ad_test_import  a collection for each rule
ad_test_random  200 collections of documents of random shapes, the same in each
                run, one of them with 2,000 fields and one that is a map
"""

import random
import uuid
from datetime import datetime, timezone

from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

DAY = datetime(2026, 3, 1, tzinfo=timezone.utc)
OBJECT_ID = ObjectId("65e0a1b2c3d4e5f601020304")


def rules(database):
    def load(name, documents, **options):
        collection = database.create_collection(name, **options)
        collection.insert_many([{"_id": n, **document} for n, document in enumerate(documents)])

    # each kind alone
    load("kinds", [{
        "double": 1.0, "string": "x", "object": {"a": 1}, "array": [1], "bin": b"\x01", "uuid": Binary.from_uuid(uuid.UUID(int=7)),
        "oid": OBJECT_ID, "bool": True, "date": DAY, "nothing": None, "regex": Regex("x"), "code": Code("x"),
        "int": 1, "timestamp": Timestamp(1, 1), "long": Int64(1), "decimal": Decimal128("1.10"), "min": MinKey(), "max": MaxKey(),
        "no_fields": {}}])
    # several kinds in one field
    load("several", [
        {"int_long": 1, "int_double": 1, "long_double": Int64(1), "huge_double": Int64(2 ** 53 + 1), "int_decimal": 1,
         "double_decimal": 0.1, "oid_string": OBJECT_ID, "uuid_bin": Binary.from_uuid(uuid.UUID(int=7)), "int_string": 1,
         "object_int": {"a": 1}, "array_int": [1], "object_null": {"a": 1}, "int_null": 1, "date_far": DAY},
        {"int_long": Int64(1), "int_double": 0.5, "long_double": 0.5, "huge_double": 0.5, "int_decimal": Decimal128("0.1"),
         "double_decimal": Decimal128("0.1"), "oid_string": "x", "uuid_bin": b"\x01", "int_string": "x",
         "object_int": 1, "array_int": 1, "object_null": None, "int_null": None, "date_far": {"$date": 0}},
    ])
    load("arrays", [{
        "ints": [1, 2], "mixed_numbers": [1, 0.5], "texts": ["a", OBJECT_ID, None], "kinds": [1, "a"], "empty": [], "documents": [{"a": 1}],
        "matrix": [[1, 2], [3, 4]], "ragged": [[1], [2, 3]], "hollow": [[], 1],
        "dates": [DAY]}])
    load("nested", [
        {"meta": {"room": {"name": "r", "size": 3}, "tags": ["a"]}, "z": 1},
        {"y": 2, "meta": {"room": {"owner": "ann"}, "host": "h"}}])
    load("names", [{
        "createdAt": 1, "created_at": 2, "userID": 3, "HTTPServer": 4, "a b": 5, "a-b": 6, "a.b": 7, "back\\slash": 8, "$price": 9,
        "$": 10, "": 11, "1st": 12, "select": 13, "ctid": 14, "xmin": 15, "größe": 16, "名前": 17, "x" * 70: 18, "x" * 71: 19,
        "ж" * 40: 20, "it's": 21, 'quo"te': 22, "document": 23, "nested": {"a.b": 24, "": 25, "_id": 26, "$": 28}, "new\nline": 27}])
    load("unreadable", [{"note": "fine", "in": {"deep": "x"}, "list": ["x"]},
                        {"note": "U+0000: \0", "in": {"deep": "\0"}, "list": ["\0"]}])
    load("wide", [{"in": {f"g{n}": n for n in range(8)}, **{f"f{n}": n for n in range(12)}}])
    schema = {
        "bsonType": "object", "required": ["name", "age", "address", "maybe", "other"],
        "properties": {
            "name": {"bsonType": "string", "minLength": 1}, "age": {"bsonType": ["int", "long"]}, "edge": {"bsonType": ["int", "minKey"]}, "score": {"type": "number"},
            "address": {"bsonType": "object", "required": ["city"], "properties": {"city": {"bsonType": "string"}, "zip": {"bsonType": "string"}}},
            "maybe": {"bsonType": ["string", "null"]}, "other": {}, "tags": {"bsonType": "array", "items": {"bsonType": "string"}}}}
    documents = [{"name": "ann", "age": 3, "address": {"city": "Wien"}, "maybe": "x", "other": 1}]
    load("validated", documents, validator={"$jsonSchema": schema})
    load("warned", documents, validator={"$jsonSchema": schema}, validationAction="warn")
    database.create_collection("validated_empty", validator={"$jsonSchema": schema})
    database.create_collection("empty")
    database.create_collection("summary", viewOn="nested", pipeline=[{"$project": {"_id": 0, "size": "$meta.room.size"}}])
    load("Capital.Letters", [{"a": 1}], capped=True, size=10000)
    load("c" * 70, [{"a": 1}])
    load("c" * 71, [{"b": 1}])
    database.create_collection("measures", timeseries={"timeField": "at", "metaField": "sensor"})
    database.measures.insert_one({"_id": OBJECT_ID, "at": DAY, "sensor": {"room": 3}, "value": 20.5})


MAKERS = [
    lambda r: r.randint(-2 ** 31, 2 ** 31 - 1),
    lambda r: Int64(r.choice([1, 2 ** 53 + 1, -2 ** 63, 2 ** 63 - 1])),
    lambda r: r.choice([0.5, 1e300, -0.0, float("nan"), float("inf"), 2.0 ** 63, 3.0]),
    lambda r: Decimal128(r.choice(["1.10", "NaN", "-Infinity", "1E+6144", "1E-6176", "0.1", "5"])),
    lambda r: r.choice(["", "text", "\u00fc\u540d", "65e0a1b2c3d4e5f601020304", "it's", "\0"]),
    lambda r: ObjectId(b"%012d" % r.randint(0, 999)),
    lambda r: r.random() < 0.5,
    lambda r: datetime.fromtimestamp(r.randint(0, 2 ** 31), timezone.utc),
    lambda r: Binary(r.randbytes(16), r.choice([0, 3, 4, 5])),
    lambda r: r.choice([Regex("a", "i"), Code("x"), Timestamp(1, 2), MinKey(), MaxKey()]),
    lambda r: None,
]


def random_value(r, makers, depth):
    kind = r.random()
    if depth > 0 and kind < 0.15:
        return random_document(r, makers, depth - 1)
    if depth > 0 and kind < 0.3:
        inner = r.sample(makers, r.randint(1, min(2, len(makers))))
        return [random_value(r, inner, r.choice([0, 0, depth - 1])) for _ in range(r.randint(0, 3))]
    return r.choice(makers)(r)


def random_document(r, makers, depth):
    return {name: random_value(r, makers[n::3] or makers, depth) for n, name in enumerate(r.sample("abcdefgh", r.randint(0, 6)))}


def random_shapes(database):
    r = random.Random(7)
    for n in range(198):
        # few kinds in most collections, so that types other than jsonb come out
        makers = r.sample(MAKERS, r.choice([1, 2, 3, 3, 5, 9]))
        database[f"random_{n:03}"].insert_many({"_id": i, **random_document(r, makers, 3)} for i in range(r.randint(1, 30)))
    database.wide.insert_many({f"f{r.randint(0, 1999)}": i for _ in range(400)} for i in range(100))
    database.map.insert_many({"by_user": {f"user {r.randint(0, 10 ** 9)}": {"calls": i} for _ in range(200)}} for i in range(50))


def load(client):
    for name, fill in (("ad_test_import", rules), ("ad_test_random", random_shapes)):
        client.drop_database(name)
        fill(client[name])
