#!/usr/bin/env python3
"""Loads the calls of a year, or times the plainest pipelines over them.

dashboard.py URI load CALLS
dashboard.py URI RANGE RUNS     prints the milliseconds of each run

RANGE is 30 days, a year, or a user's year.  The pipelines test nothing: they are what
one would write by hand who knows that all values fit.
"""

import sys
import time
from datetime import datetime, timedelta, timezone

import pymongo

USERS = 500
END = datetime(2026, 1, 1, tzinfo=timezone.utc)
RANGES = {"30 days": (30, None), "a year": (365, None), "a user's year": (365, "user007@example.com")}


def load(calls, count):
    calls.drop()
    step = timedelta(days=365) / count
    for start in range(0, count, 10_000):
        calls.insert_many([{
            "created_by_email": "user%03d@example.com" % (n * 7919 % USERS), "created_at": END - step * (n + 1),
            "duration_minutes": n % 100 / 4, "status": "completed", "meta": {"room": "room %d" % (n % 10)},
        } for n in range(start, start + 10_000)])
    calls.create_index("created_at")
    calls.create_index([("created_by_email", 1), ("created_at", 1)])


def pipeline(days, user):
    match = {"created_at": {"$gte": END - timedelta(days=days), "$lte": END}}
    if user is not None:
        match["created_by_email"] = user
    return [
        {"$match": match},
        {"$group": {"_id": "$created_by_email", "calls": {"$sum": 1}, "minutes": {"$sum": "$duration_minutes"}}},
        {"$group": {"_id": None, "calls": {"$sum": "$calls"}, "minutes": {"$sum": "$minutes"}, "users": {"$sum": 1}}},
    ]


calls = pymongo.MongoClient(sys.argv[1]).bench.calls
if sys.argv[2] == "load":
    load(calls, int(sys.argv[3]))
else:
    stages = pipeline(*RANGES[sys.argv[2]])
    list(calls.aggregate(stages))
    for _ in range(int(sys.argv[3])):
        start = time.perf_counter()
        list(calls.aggregate(stages))
        print("%.3f" % (1000 * (time.perf_counter() - start)))
