#!/usr/bin/env python3
"""Loads the demo's calls: load_demo.py URI [DATABASE]

They go into the collection calls, in the place of what is there.  The same
calls every time:

- 2,450 of them from 2026-02-26T00:00:00Z to 2026-03-28T23:59:59Z, both
  included, of 11,025.50 minutes together, by 18 users;
- one exactly at each of these bounds, and one right outside each;
- others before and after, some of them by 5 users who have none inside, and
  some still in progress, so without a duration.

Durations are multiples of a quarter of a minute, so that their sum is exact
whatever the order of summing.  Whole ones are stored as integers half of the
time, as JavaScript clients do.
"""

import random
import sys
from datetime import datetime, timedelta, timezone

import pymongo
from bson import ObjectId

FIRST = datetime(2026, 2, 26, tzinfo=timezone.utc)
LAST = datetime(2026, 3, 28, 23, 59, 59, tzinfo=timezone.utc)
CALLS = 2450
QUARTERS = 11025.50 * 4

USERS = [
    "amara.okafor", "ben.whitfield", "carla.rossi", "daniel.kim",
    "elena.petrova", "farid.haddad", "grace.nakamura", "hugo.lindqvist",
    "ines.moreau", "jonas.weber", "keiko.tanaka", "liam.oconnor",
    "mei.zhang", "noah.feldman", "olga.nowak", "priya.sharma",
    "quentin.dubois", "rosa.jimenez",
]
USERS_OUTSIDE = [
    "samir.patel", "tess.vandijk", "ugo.bianchi", "vera.horvat", "will.mbeki",
]
ROOMS = ["daily-standup", "sales-demo", "support", "interview", "all-hands"]


def moments(rng, first, last, count):
    """That many moments in between, more of them in working hours."""
    days = (last - first).days + 1
    found = []
    while len(found) < count:
        at = first + timedelta(
            days=rng.randrange(days),
            hours=rng.triangular(7, 20, 13),
            milliseconds=rng.randrange(1000),
        )
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        weekend = at.weekday() >= 5
        if first < at < last and not (weekend and rng.random() < 0.7):
            found.append(at)
    return found


def quarters(rng, count, total):
    """That many numbers, each at least 1, with that sum."""
    found = [1 + int(rng.expovariate(1 / (total / count - 1))) for _ in range(count)]
    while sum(found) != total:
        i = rng.randrange(count)
        step = 1 if sum(found) < total else -1
        if found[i] + step >= 1:
            found[i] += step
    return found


def minutes(rng, of):
    value = of / 4
    return int(value) if value.is_integer() and rng.random() < 0.5 else value


def calls(rng):
    """(created_at, user, duration or None), in no order."""
    users = USERS + rng.choices(USERS, k=CALLS - len(USERS))
    inside = [FIRST, LAST] + moments(rng, FIRST, LAST, CALLS - 2)
    for at, user, of in zip(inside, users, quarters(rng, CALLS, int(QUARTERS))):
        yield at, user, minutes(rng, of)

    ms = timedelta(milliseconds=1)
    outside = [FIRST - ms, LAST + ms]
    outside += moments(rng, FIRST - timedelta(days=45), FIRST - ms, 900)
    outside += moments(rng, LAST + ms, LAST + timedelta(days=20), 400)
    for i, at in enumerate(outside):
        user = rng.choice(USERS_OUTSIDE if i % 10 == 0 else USERS)
        in_progress = i % 25 == 3
        yield at, user, None if in_progress else minutes(rng, rng.randint(1, 80))


def documents():
    rng = random.Random(2026)
    for i, (at, user, duration) in enumerate(sorted(calls(rng), key=lambda c: c[:2])):
        document = {
            "_id": ObjectId("%08x%016x" % (int(at.timestamp()), i)),
            "call_id": "call-%05d" % (i + 1),
            "created_by_email": user + "@example.com",
            "created_at": at,
            "status": "in_progress" if duration is None else "ended",
            "participants": rng.randint(2, 12),
            "meta": {"room": {"name": rng.choice(ROOMS)}, "recorded": rng.random() < 0.2},
        }
        if duration is not None:
            document["duration_minutes"] = duration
        yield document


def check(docs):
    """The promise of this file's header."""
    inside = [d for d in docs if FIRST <= d["created_at"] <= LAST]
    users = {d["created_by_email"] for d in inside}
    assert len(inside) == CALLS
    assert sum(d["duration_minutes"] for d in inside) == 11025.50
    assert len(users) == 18
    assert len({d["created_by_email"] for d in docs} - users) == 5
    assert {FIRST, LAST} <= {d["created_at"] for d in inside}


def main():
    uri, database = (sys.argv[1:] + ["livekit"])[:2]
    docs = list(documents())
    check(docs)
    collection = pymongo.MongoClient(uri, serverSelectionTimeoutMS=5000)[database]["calls"]
    collection.drop()
    collection.insert_many(docs)
    collection.create_index("created_at")
    collection.create_index("created_by_email")
    print("%d calls in %s.calls" % (len(docs), database))


if __name__ == "__main__":
    main()
