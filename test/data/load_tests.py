#!/usr/bin/env python3
"""Loads what the tests read: load_tests.py URI

One function below for each collection of the database ad_test, named as the
collection and returning its documents.  Everything that was in the database
before is dropped.

load_tests.py calls prints the rows of calls, for json_populate_recordset().
"""

import json
import sys
from datetime import datetime, timedelta, timezone

import pymongo
from bson import Int64, ObjectId

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


def sound():
    return typed.documents("sound")


def mixed():
    return typed.documents("mixed")


COLLECTIONS = [calls, sound, mixed]


def print_calls():
    json.dump([{name: str(document[name]) for name in ("created_by_email", "created_at", "duration_minutes")
                if document.get(name) is not None} for document in calls()], sys.stdout)


def main():
    if sys.argv[1] == "calls":
        return print_calls()
    client = pymongo.MongoClient(sys.argv[1], serverSelectionTimeoutMS=5000)
    client.drop_database(DATABASE)
    for collection in COLLECTIONS:
        documents = list(collection())
        client[DATABASE][collection.__name__].insert_many(documents)
        print("%d documents in %s.%s" % (len(documents), DATABASE, collection.__name__))
    client[DATABASE]["calls"].create_index("created_at")


if __name__ == "__main__":
    main()
