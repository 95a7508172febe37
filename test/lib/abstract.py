"""What is known of a value of MongoDB's without knowing it.

A Value is a set of BSON types, and where they are numbers or dates bounds, for
documents perhaps their fields, for arrays perhaps what is in them.
"""

import math
from decimal import Decimal

TYPES = ["missing", "undefined", "null", "int", "long", "double", "decimal", "string", "symbol", "object", "array", "binData",
         "objectId", "bool", "date", "timestamp", "regex", "dbPointer", "javascript", "javascriptWithScope", "minKey", "maxKey"]
ALL = frozenset(TYPES)
NULLISH = frozenset(["missing", "undefined", "null"])
NUMBERS = frozenset(["int", "long", "double", "decimal"])
INEXACT = frozenset(["double", "decimal"])
INSTANTS = frozenset(["date", "timestamp", "objectId"])
INT_BOUNDS = {"int": (-2**31, 2**31 - 1), "long": (-2**63, 2**63 - 1)}
LONG_MIN, LONG_MAX = INT_BOUNDS["long"]
DOUBLE_MAX = 2**1024 - 2**971  # the greatest finite one

# MongoDB's order of types in expressions; those of a class are compared by value
ORDER = {"minKey": 0, "missing": 1, "undefined": 1, "null": 2, "int": 3, "long": 3, "double": 3, "decimal": 3, "string": 4, "symbol": 4,
         "object": 5, "array": 6, "binData": 7, "objectId": 8, "bool": 9, "date": 10, "timestamp": 11, "regex": 12, "dbPointer": 13,
         "javascript": 14, "javascriptWithScope": 15, "maxKey": 16}


def bound(number):
    """A number as a bound: exact, or infinite where it is beyond all doubles."""
    if isinstance(number, Decimal):
        if not number.is_finite():
            return math.inf if number > 0 else -math.inf
        if abs(number.adjusted()) > 400:
            return 0 if number.adjusted() < 0 else math.copysign(math.inf, number)
        number = int(number) if number == number.to_integral_value() else float(number)
    if isinstance(number, float):
        return int(number) if number.is_integer() else number
    return (math.inf if number > 0 else -math.inf) if abs(number) > DOUBLE_MAX else number


class Value:
    """One of some types; lo, hi and the like are of numbers, first and last of dates."""

    __slots__ = ("types", "lo", "hi", "nan", "zero", "whole", "first", "last", "fields", "is_open", "element")

    def __init__(self, types=ALL, lo=-math.inf, hi=math.inf, nan=True, zero=True, whole=False, first=LONG_MIN, last=LONG_MAX,
                 fields=None, is_open=False, element=None):
        self.types = frozenset([types]) if isinstance(types, str) else frozenset(types)
        numbers = self.types & NUMBERS
        if numbers and not numbers & INEXACT:
            bounds = [INT_BOUNDS[name] for name in numbers]
            lo, hi, nan, whole = max(lo, min(low for low, _ in bounds)), min(hi, max(high for _, high in bounds)), False, True
        self.lo, self.hi, self.nan, self.zero, self.whole = lo, hi, nan, zero and lo <= 0 <= hi, whole
        if whole and not zero:
            # no number between -1 and 1
            self.lo, self.hi = (1 if lo == 0 else lo), (-1 if hi == 0 else hi)
        self.first, self.last = first, last
        self.fields, self.is_open, self.element = fields, is_open, element
        if numbers and lo > hi and not nan:
            self.types -= NUMBERS
        if first > last:
            self.types -= {"date"}

    def but(self, **changed):
        return Value(**{**{name: getattr(self, name) for name in self.__slots__}, **changed})

    def __eq__(self, other):
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __or__(self, other):
        """One of either."""
        a, b = (self, other) if self.types else (other, self)
        if not b.types:
            return a
        if not a.types & NUMBERS:
            a = a.but(lo=b.lo, hi=b.hi, nan=b.nan, zero=b.zero, whole=b.whole)
        elif not b.types & NUMBERS:
            b = b.but(lo=a.lo, hi=a.hi, nan=a.nan, zero=a.zero, whole=a.whole)
        if "date" not in a.types:
            a = a.but(first=b.first, last=b.last)
        elif "date" not in b.types:
            b = b.but(first=a.first, last=a.last)
        return Value(a.types | b.types, min(a.lo, b.lo), max(a.hi, b.hi), a.nan or b.nan, a.zero or b.zero, a.whole and b.whole,
                     min(a.first, b.first), max(a.last, b.last), *both_fields(a, b),
                     both_elements(a, b))

    def __and__(self, other):
        """What is both."""
        known = self if self.fields is not None or other.fields is None else other
        return Value(self.types & other.types, max(self.lo, other.lo), min(self.hi, other.hi), self.nan and other.nan,
                     self.zero and other.zero, self.whole or other.whole, max(self.first, other.first), min(self.last, other.last),
                     known.fields, known.is_open, self.element or other.element)

    def without(self, types):
        return self.but(types=self.types - types)

    def only(self, types):
        return self.but(types=self.types & types)

    def can_be(self, types):
        return bool(self.types & types)

    def field(self, name):
        """The value of a field of it, as a path in an expression has it."""
        found = Value(())
        if "object" in self.types:
            if self.fields is None:
                found = Value()
            else:
                found = self.fields.get(name, Value() if self.is_open else Value("missing"))
        if "array" in self.types:
            # an array of the elements' fields
            inner = self.element.field(name) if self.element is not None else Value()
            found |= Value("array", element=inner.without({"missing"}))
        if self.types - {"object", "array"}:
            found |= Value("missing")
        return found

    def names(self):
        return " ".join(name for name in TYPES if name in self.types)


def both_fields(a, b):
    if "object" not in a.types:
        return b.fields, b.is_open
    if "object" not in b.types:
        return a.fields, a.is_open
    if a.fields is None or b.fields is None:
        return None, False
    is_open = a.is_open or b.is_open
    object_a, object_b = a.only({"object"}), b.only({"object"})
    return {name: object_a.field(name) | object_b.field(name) for name in {**a.fields, **b.fields}}, is_open


def both_elements(a, b):
    if "array" not in a.types:
        return b.element
    if "array" not in b.types:
        return a.element
    return None if a.element is None or b.element is None else a.element | b.element


def constant(value):
    """The Value of a constant, decoded by bson."""
    import bson
    from bson.datetime_ms import DatetimeMS
    if value is None:
        return Value("null")
    if isinstance(value, bool):
        return Value("bool")
    if isinstance(value, (int, float, bson.Decimal128)):
        return number(value)
    if isinstance(value, bson.Code):
        return Value("javascript" if value.scope is None else "javascriptWithScope")
    if isinstance(value, str):
        return Value("string")
    if isinstance(value, DatetimeMS):
        return Value("date", first=int(value), last=int(value))
    if isinstance(value, list):
        element = Value(())
        for item in value:
            element |= constant(item)
        return Value("array", element=element)
    if isinstance(value, dict):
        return Value("object", fields={name: constant(item) for name, item in value.items()})
    for kind, name in ((bytes, "binData"), (bson.ObjectId, "objectId"), (bson.Regex, "regex"), (bson.Timestamp, "timestamp"),
                       (bson.MinKey, "minKey"), (bson.MaxKey, "maxKey"), (bson.DBRef, "dbPointer")):
        if isinstance(value, kind):
            return Value(name)
    raise TypeError(type(value))


def number(value):
    import bson
    if isinstance(value, float):
        name = "double"
    elif isinstance(value, bson.Decimal128):
        name, value = "decimal", value.to_decimal()
    else:
        name = "long" if isinstance(value, bson.Int64) or not -2**31 <= value < 2**31 else "int"
    if value != value:
        return Value(name, lo=math.inf, hi=-math.inf, nan=True, zero=False)
    place = bound(value)
    return Value(name, lo=place, hi=place, nan=False, zero=value == 0, whole=isinstance(place, int))
