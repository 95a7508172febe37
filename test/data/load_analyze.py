#!/usr/bin/env python3
"""Loads the collections that test/pgtap/analyze.sql samples.

usage: load_analyze.py URI [MORE]

MORE is how many documents there are more than usual.
"""
import sys

import pymongo

STATUS = ["open", "paid", "sent out"]


def main():
    database = pymongo.MongoClient(sys.argv[1])["ad_test"]
    for name in ("analyze_recent", "analyze_orders", "analyze_nothing"):
        database.drop_collection(name)
    database["analyze_orders"].insert_many(
        {"_id": n, "customer": n % 500, "status": STATUS[n % 3],
         # every third is no number
         "total": "free" if n % 3 == 0 else n / 4,
         **({"address": {"city": "city %d" % (n % 20)}} if n % 2 else {})}
        for n in range(3000 + int((sys.argv[2:] or [0])[0])))
    database.create_collection("analyze_recent", viewOn="analyze_orders",
                               pipeline=[{"$match": {"status": "paid"}}])


main()
