#!/usr/bin/env python3
"""The calls that BI tools' queries are asked of, and those queries.

bi.py rows prints the calls, for json_populate_recordset(); bi.py queries the
queries of bi.sql, one a line: name, documents, what it is, and the query, with
tabs between them.
"""

import json
import os
import random
import re
import sys
from datetime import datetime, timedelta, timezone

PATH = os.path.join(os.path.dirname(__file__), "bi.sql")


def documents():
    """6,000 calls of 122 users in 29 months.  Minutes are eighths, whose sums are
    exact; some are missing, as are some users, and some states are null."""
    chance = random.Random(7)
    for i in range(6000):
        start = datetime(2024, 7, 1, tzinfo=timezone.utc) + timedelta(
            seconds=chance.randint(0, 75000000), milliseconds=chance.randint(0, 999))
        call = {"call_id": "c%d" % i, "created_at": start,
                "status": chance.choice(["completed", "completed", "failed", "missed", None])}
        if chance.random() < .95:
            call["created_by_email"] = "user%d@%s" % (chance.randint(0, 60), chance.choice(["x.com", "acme.com"]))
        if chance.random() < .9:
            call["duration_minutes"] = chance.randint(0, 800) / 8
        yield call


def queries():
    text = open(PATH, encoding="utf-8").read()
    for name, count, what, query in re.findall(r"^-- (\w+), (\d+): (.*)\n([^;]*);\n", text, flags=re.M):
        yield name, count, what, " ".join(query.split())


def main():
    if sys.argv[1] == "rows":
        json.dump(list(documents()), sys.stdout, default=str)
    else:
        for query in queries():
            print(*query, sep="\t")


if __name__ == "__main__":
    main()
