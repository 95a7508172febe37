#!/usr/bin/env python3
"""Loads calls of a year, or changes some of them.

kept.py URI load CALLS
kept.py URI change CALLS CHANGES     half get a duration, a quarter are new, a quarter go
"""

import sys
from datetime import datetime, timedelta, timezone

import pymongo

USERS = 1000
END = datetime(2026, 1, 1, tzinfo=timezone.utc)


def call(n, size):
    return {
        "_id": n, "created_by_email": "user%04d@example.com" % (n * 7919 % USERS), "created_at": END - timedelta(days=365) / size * (n % size + 1),
        "duration_minutes": n % 100 / 4, "status": "completed", "meta": {"room": "room %d" % (n % 10)},
    }


calls = pymongo.MongoClient(sys.argv[1]).bench.calls
size = int(sys.argv[3])
if sys.argv[2] == "load":
    calls.drop()
    for start in range(0, size, 10_000):
        calls.insert_many([call(n, size) for n in range(start, min(start + 10_000, size))])
    calls.create_index("created_at")
else:
    step = int(sys.argv[4]) // 4
    writes = []
    for n in range(step):
        writes += [
            pymongo.UpdateOne({"_id": n * 2}, {"$set": {"duration_minutes": 7.25}}), pymongo.InsertOne(call(size + n, size)),
            pymongo.UpdateOne({"_id": size - 1 - n // 2}, {"$set": {"duration_minutes": n / 8}}), pymongo.DeleteOne({"_id": n * 2 + 1}),
        ]
    for start in range(0, len(writes), 2000):
        calls.bulk_write(writes[start:start + 2000])
