"""Changes a collection of calls at random, and computes dashboards by hand.

kept_writer.py PORT SEED reads one line at a time, and answers each by one:

    change N        makes N changes; answers their number, or "lost" with the error
    ask             answers a random question and its answer, separated by tabs: start,
                    end, address or -, and calls|minutes|hours|average|users; or
                    "unusual" if a value in the range fits no sum

What changes is a document at a time, many at a time, in bulk and in transactions.
"""

import random
import sys
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pymongo
from bson import DatetimeMS, Decimal128, Int64, ObjectId, Timestamp
from bson.codec_options import CodecOptions, DatetimeConversion

FIRST = datetime(2026, 1, 1, tzinfo=timezone.utc)
DAYS = 100
# documents of these days have values that do not fit
STRANGE = FIRST + timedelta(days=60)
USERS = ["u%d@example.com" % n for n in range(9)] + ["ü@example.com", "", ObjectId("0123456789abcdef01234567"), "0123456789abcdef01234567", None]
WIDE = pymongo.WriteConcern(w="majority")


class Writer:
    def __init__(self, port, seed):
        self.random = random.Random(seed)
        self.client = pymongo.MongoClient("127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=10000)
        self.calls = self.client.kept.get_collection("calls", CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO), write_concern=WIDE)
        self.fresh = 0
        self.far = self.far_instants()

    def far_instants(self):
        """Instants beyond year 9999, unless the server does not take them: the usual test server does not."""
        far = [DatetimeMS(10**16), DatetimeMS(-10**16)]
        try:
            self.client.kept.far.insert_many([{"at": at} for at in far])
        except pymongo.errors.OperationFailure:
            return []
        return far

    def instant(self):
        r = self.random
        day = FIRST + timedelta(days=r.randrange(DAYS))
        return day + r.choice([
            timedelta(0), timedelta(milliseconds=-1), timedelta(hours=r.randrange(24)),
            timedelta(milliseconds=r.randrange(86400000)), timedelta(milliseconds=r.randrange(86400000)),
        ])

    def minutes(self):
        r = self.random
        return r.choice([
            None, r.randrange(6400) / 64, r.randrange(6400) / 64, r.randrange(100), Int64(r.randrange(100)),
            Decimal128("%d.25" % r.randrange(90)), -r.randrange(64) / 64, 0.0,
        ])

    def call(self):
        r = self.random
        call = {"created_by_email": r.choice(USERS), "created_at": self.instant(), "duration_minutes": self.minutes(), "x": "x" * r.randrange(50)}
        if r.random() < 0.1:
            del call[r.choice(["created_by_email", "created_at", "duration_minutes"])]
        if r.random() < 0.02:
            call["created_at"] = STRANGE + timedelta(seconds=r.randrange(3600))
            call[r.choice(["created_by_email", "duration_minutes"])] = r.choice([True, {"a": 1}, [1], ["u1@example.com", 2.5], float("nan"), float("inf"), 1e300, 1e-300, Decimal128("0.1"), 2**53 + 1, "é" * 501])
        if r.random() < 0.01:
            call["created_at"] = r.choice(["2026-01-01", 5, [call.get("created_at")], Timestamp(1770000000, 1), datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999000)] + self.far)
        return call

    def new_id(self):
        r = self.random
        self.fresh += 1
        return r.choice([ObjectId(), ObjectId(), self.fresh, self.fresh + 0.5, "id %d" % self.fresh, "long" * 20 + str(self.fresh), {"a": self.fresh, "b": [1.5, "x"]}])

    def some_ids(self, most):
        return [d["_id"] for d in self.calls.aggregate([{"$sample": {"size": self.random.randint(1, most)}}, {"$project": {"_id": 1}}])]

    def change_some(self, session=None):
        """Some changes; returns their number."""
        r = self.random
        kind = r.randrange(11)
        ids = self.some_ids(12) if kind > 2 else []
        if kind <= 2 or not ids:
            calls = [self.call() | {"_id": self.new_id()} for _ in range(r.randint(1, 20))]
            return len(self.calls.insert_many(calls, ordered=r.random() < 0.5, session=session).inserted_ids)
        if kind == 3:
            return self.calls.update_many({"_id": {"$in": ids}}, {"$set": {"duration_minutes": self.minutes()}}, session=session).matched_count
        if kind == 4:
            return self.calls.update_many({"_id": {"$in": ids}}, {"$set": {"created_at": self.instant()}}, session=session).matched_count
        if kind == 5:
            return self.calls.update_one({"_id": ids[0]}, {"$set": {"created_by_email": r.choice(USERS)}, "$unset": {"x": 1}}, session=session).matched_count
        if kind == 6:
            return self.calls.replace_one({"_id": ids[0]}, self.call(), session=session).matched_count
        if kind == 7:
            return self.calls.delete_many({"_id": {"$in": ids[:8]}}, session=session).deleted_count
        if kind == 8:
            self.calls.delete_one({"_id": ids[0]}, session=session)
            self.calls.insert_one(self.call() | {"_id": ids[0]}, session=session)
            return 2
        if kind == 9:
            self.calls.update_many({"created_by_email": r.choice(USERS)}, {"$inc": {"touched": 1}}, session=session)
            return 1
        writes = [pymongo.UpdateOne({"_id": i}, {"$set": {"duration_minutes": self.minutes()}}) for i in ids]
        writes += [pymongo.DeleteOne({"_id": i}) for i in ids[:2]] + [pymongo.InsertOne(self.call() | {"_id": self.new_id()}) for _ in range(3)]
        self.calls.bulk_write(writes, ordered=False, session=session)
        return len(writes)

    def change(self, number):
        done = 0
        while done < number:
            if self.random.random() < 0.2:
                with self.client.start_session() as session, session.start_transaction(write_concern=WIDE):
                    done += self.change_some(session) + self.change_some(session)
                    if self.random.random() < 0.3:
                        session.abort_transaction()
            else:
                done += self.change_some()
        return str(done)

    def ask(self):
        r = self.random
        start, end = sorted(self.instant() + timedelta(microseconds=r.choice([0, 0, 500, -1])) for _ in range(2))
        if r.random() < 0.1:
            end = start + timedelta(microseconds=r.randrange(3600 * 10**6))
        user = r.choice([None, None] + [u for u in USERS if u is not None])
        question = "\t".join([start.isoformat(), end.isoformat(), "-" if user is None else str(user)])
        return question + "\t" + self.answer(start, end, user)

    @staticmethod
    def fits(minutes):
        """Can the sums hold it, and a column of doubles?"""
        if minutes is None:
            return True
        if isinstance(minutes, (bool, list, dict, str)) or minutes != minutes or minutes in (float("inf"), 1e300):
            return False
        number = minutes.to_decimal() if isinstance(minutes, Decimal128) else minutes
        return Fraction(float(number)) == Fraction(number)

    def answer(self, start, end, user):
        calls, total, users = 0, Fraction(0), set()
        for call in self.calls.find():
            email, created_at, minutes = (call.get(k) for k in ("created_by_email", "created_at", "duration_minutes"))
            if not isinstance(created_at, datetime):
                continue
            created_at = created_at.replace(tzinfo=timezone.utc)
            if not start <= created_at <= end:
                continue
            email = str(email) if isinstance(email, ObjectId) else email
            if user is not None and email != str(user):
                continue
            if not isinstance(email, (str, type(None))) or not self.fits(minutes):
                return "unusual"
            calls += 1
            users.add(email)
            if minutes is not None:
                total += Fraction(minutes.to_decimal() if isinstance(minutes, Decimal128) else minutes)
        minutes = Decimal("%.15g" % float(total))

        def digits(number):
            return str(number.quantize(Decimal("0.01"), ROUND_HALF_UP) + 0)
        return "|".join([str(calls), digits(minutes), digits(minutes / 60), digits(minutes / calls if calls else Decimal(0)), str(len(users - {None}))])


writer = Writer(int(sys.argv[1]), int(sys.argv[2]))
for line in sys.stdin:
    try:
        command, *arguments = line.split()
        print(writer.change(int(arguments[0])) if command == "change" else writer.ask(), flush=True)
    except (pymongo.errors.PyMongoError, KeyError) as error:
        print("lost " + " ".join(str(error).split())[:200], flush=True)
