#!/usr/bin/env python3
"""Whether commands may fail on some document: total.py FILE...

FILEs hold finds and aggregates, BSON behind BSON, as reverse.py writes them.
Each expression in them must be total: it raises no error whatever the documents
hold, and whatever of it is evaluated, in whatever order.  What may not be is
printed, with a command that has it.  Only the order of stages protects: what
comes behind a $match sees what it let through.

The engines at hand evaluate in one order, on the documents that there are; this
takes all documents, with a set of possible types and bounds for each expression.
"""

import json
import sys
from collections import OrderedDict

import bson
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion

from abstract import ALL, DOUBLE_MAX, INEXACT, NULLISH, NUMBERS, Value, constant
from expressions import ALIASES, Expressions, Facts, compared

OPTIONS = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
TYPE_NUMBERS = {1: "double", 2: "string", 3: "object", 4: "array", 5: "binData", 6: "undefined", 7: "objectId", 8: "bool", 9: "date",
                10: "null", 11: "regex", 12: "dbPointer", 13: "javascript", 14: "symbol", 15: "javascriptWithScope", 16: "int",
                17: "timestamp", 18: "long", 19: "decimal", -1: "minKey", 127: "maxKey"}
ACCUMULATORS = {"$avg": Value(NUMBERS | {"null"}), "$count": Value({"int", "long"}), "$push": Value("array"),
                "$addToSet": Value("array"), "$stdDevPop": Value({"double", "null"}), "$stdDevSamp": Value({"double", "null"}),
                "$documentNumber": Value({"int", "long"}, lo=1)}
PASSED = ("$max", "$min", "$first", "$last")
FULL = Value("object", is_open=True, fields={})


class Pipeline:
    """A command's stages, one after the other."""

    def __init__(self, expressions, document=FULL, variables=()):
        self.expressions, self.variables = expressions, dict(variables)
        self.begin(document)

    def begin(self, document):
        """What follows sees such documents."""
        self.document = document
        self.root = self.expressions.root(document)
        self.facts = Facts()
        self.sole = set()  # paths that are no array

    def read(self, expr):
        node = self.expressions.read(expr, {**self.variables, "CURRENT": self.root, "ROOT": self.root})
        self.expressions.check(node, self.facts)
        return node

    def value(self, expr):
        return self.expressions.value(self.read(expr), self.facts)

    def stage(self, stage):
        (name, spec), = stage.items()
        method = getattr(self, "stage_" + name[1:], None)
        if method is None:
            self.expressions.report("the checker does not know the stage %s" % name, None)
        else:
            method(spec)

    # -- the match language -------------------------------------------------------

    def stage_match(self, spec):
        known = dict(self.facts.known)
        # twice: what is no array may be said behind what needs it
        for _ in range(2):
            self.match(spec, known)
        self.facts = Facts(known)

    def match(self, spec, known):
        for name, operand in spec.items():
            if name == "$and":
                for part in operand:
                    self.match(part, known)
            elif name in ("$or", "$nor"):
                self.match_any(operand, known, name == "$or")
            elif name == "$expr":
                node = self.read(operand)
                self.expressions.suppose(node, True, Facts(known), known)
            elif name.startswith("$") and name != "$comment":
                self.expressions.report("the checker does not know %s in a match" % name, None)
            elif not name.startswith("$"):
                self.match_field(name, operand, known)

    def match_any(self, parts, known, positive):
        found = None
        for part in parts:
            mine, sole = dict(known), set(self.sole)
            self.match(part, mine)
            self.sole = sole  # only one of them is so
            mine = {node: value for node, value in mine.items() if node not in known or known[node] != value}
            found = mine if found is None else {node: found[node] | mine[node] for node in found if node in mine}
        if positive:
            known.update(found or {})

    def match_field(self, path, operand, known):
        if isinstance(operand, dict) and next(iter(operand), "").startswith("$"):
            tests = operand.items()
        else:
            tests = [("$eq", operand)]
        for op, with_ in tests:
            value = self.test(path, op, with_)
            if value is None:
                continue
            # an array matches by an element, and so does a path through one
            ways = [path[:place] for place, letter in enumerate(path + ".") if letter == "."]
            if not self.sole.issuperset(ways):
                value |= Value("array")
            node = self.expressions.path(self.root, path)
            self.expressions.learn(known, node, value)

    def test(self, path, op, with_):
        """What a field that passes a test is, or elements of it; or None."""
        if op == "$type":
            return Value(type_set(with_))
        if op == "$not" and isinstance(with_, dict) and "$type" in with_:
            types = type_set(with_["$type"])
            if "array" in types:
                self.sole.add(path)
            return Value(ALL - types)
        if op == "$eq" and not isinstance(with_, bson.Regex):
            return Value(NULLISH) if with_ is None else compared("$eq", constant(with_))
        if op in ("$gt", "$gte", "$lt", "$lte"):
            # of the constant's type only
            like = compared("$eq", constant(with_)).types
            return compared(op, constant(with_)).only(like)
        if op == "$ne" and with_ is None:
            return Value(ALL - {"null", "missing"})
        if op == "$in":
            found = Value(())
            for item in with_:
                found |= Value({"string", "symbol", "regex"}) if isinstance(item, bson.Regex) else self.test(path, "$eq", item)
            return found
        if op == "$regex" or isinstance(with_, bson.Regex):
            return Value({"string", "symbol", "regex"})
        if op == "$exists":
            return Value(ALL - {"missing"}) if with_ else Value("missing")
        if op not in ("$not", "$ne", "$nin", "$options", "$mod", "$size", "$elemMatch", "$all"):
            self.expressions.report("the checker does not know %s in a match" % op, None)
        return None

    # -- stages -------------------------------------------------------------------

    def stage_limit(self, spec):
        pass

    stage_skip = stage_sample = stage_limit

    def stage_sort(self, spec):
        arrays = [path for path in spec if not isinstance(spec[path], dict) and "array" in self.value("$" + path).types]
        if len(arrays) > 1:
            self.expressions.report("a sort by %s may be by parallel arrays" % " and ".join(arrays), None)

    def stage_project(self, spec):
        fields = {}
        computed = {name: item for name, item in spec.items() if not (isinstance(item, (bool, int, float)) and not item)}
        if not computed:
            self.begin(FULL)
            return
        if spec.get("_id", 1):
            fields["_id"] = self.value("$_id")
        for path, item in computed.items():
            name, _, rest = path.partition(".")
            if isinstance(item, (bool, int, float)):
                item = "$" + path
            if rest:
                self.read(item)
                fields[name] = Value()
            else:
                fields[name] = self.value(item)
        self.begin(Value("object", fields=fields))

    def kept(self):
        """The document, with what is known of its fields."""
        fields = dict(self.document.fields or {})
        is_open = self.document.is_open or self.document.fields is None
        for node, value in self.facts.known.items():
            kind, *rest = self.expressions.nodes[node]
            if kind == "field" and rest[0] == self.root:
                fields[rest[1]] = self.expressions.value(node, self.facts)
        return fields, is_open

    def changed(self, changes):
        fields, is_open = self.kept()
        for path, value in changes.items():
            name, _, rest = path.partition(".")
            fields[name] = Value() if rest else value
        self.begin(Value("object", fields=fields, is_open=is_open))

    def stage_set(self, spec):
        self.changed({path: self.value(item) for path, item in spec.items()})

    stage_addFields = stage_set

    def stage_unset(self, spec):
        self.changed({path: Value("missing") for path in ([spec] if isinstance(spec, str) else spec)})

    def stage_replaceWith(self, spec):
        # $$ROOT in it is the document with what is known of it
        fields, is_open = self.kept()
        value = self.value(spec)
        if value.types != {"object"}:
            self.expressions.report("a document is replaced with %s" % value.names(), self.read(spec))
        known = Value("object", fields=fields, is_open=is_open)
        if value.fields is not None and isinstance(spec, dict):
            value = value.but(fields={name: known if spec.get(name) == "$$ROOT" else inner for name, inner in value.fields.items()})
        self.begin(value.only({"object"}))

    def stage_replaceRoot(self, spec):
        self.stage_replaceWith(spec["newRoot"])

    def stage_group(self, spec):
        fields = {}
        for name, item in spec.items():
            if name == "_id":
                self.check_key(item)
                fields[name] = self.value(item)
                if "missing" in fields[name].types:
                    fields[name] = fields[name].without({"missing"}) | Value("null")
            else:
                fields[name] = self.accumulated(item)
        self.begin(Value("object", fields=fields))

    def check_key(self, key):
        """MongoDB refuses a bare number or boolean in a key of several parts (error 17390)."""
        if isinstance(key, dict) and not any(name.startswith("$") for name in key):
            for part in key.values():
                if isinstance(part, (bool, int, float, bson.Decimal128)):
                    self.expressions.report("$group takes %r in _id for an inclusion" % (part,), None)

    def accumulated(self, item):
        (name, argument), *window = item.items()
        if name in ("$percentile", "$median"):
            self.value(argument["input"])
            return Value({"array", "double", "null"})
        if name not in (*ACCUMULATORS, *PASSED, "$sum"):
            self.expressions.report("the checker does not know the accumulator %s" % name, None)
            return Value()
        value = Value() if argument == {} else self.value(argument)
        if name in ("$push", "$addToSet"):
            return Value("array", element=value.without({"missing"}))
        if name in PASSED:
            # nothing to take the greatest of is null; a group has a document, a window may have none
            return value.without(NULLISH) | Value("null") if value.types & NULLISH or window else value
        return total(value) if name == "$sum" else ACCUMULATORS[name]

    def stage_setWindowFields(self, spec):
        if "partitionBy" in spec:
            self.read(spec["partitionBy"])
        self.changed({name: self.accumulated(item) for name, item in spec["output"].items()})

    def stage_unwind(self, spec):
        path = spec if isinstance(spec, str) else spec["path"]
        value = self.value(path)
        element = (value.element or Value()) if "array" in value.types else Value(())
        element |= value.without({"array"} if isinstance(spec, dict) and spec.get("preserveNullAndEmptyArrays") else NULLISH | {"array"})
        if isinstance(spec, dict) and spec.get("preserveNullAndEmptyArrays"):
            element |= Value("missing")
        self.changed({path[1:]: element})

    def stage_lookup(self, spec):
        variables = {name: self.read(item) for name, item in spec.get("let", {}).items()}
        inner = Pipeline(self.expressions, variables=variables)
        for stage in spec.get("pipeline", []):
            inner.stage(stage)
        self.changed({spec["as"]: Value("array", element=inner.result())})

    def stage_unionWith(self, spec):
        inner = Pipeline(self.expressions)
        for stage in [] if isinstance(spec, str) else spec.get("pipeline", []):
            inner.stage(stage)
        self.begin(self.result() | inner.result())

    def stage_count(self, spec):
        self.begin(Value("object", fields={spec: Value({"int", "long"})}))

    def result(self):
        fields, is_open = self.kept()
        return Value("object", fields=fields, is_open=is_open)


def total(value):
    """The sum of such values: a decimal if one of them is, a double if they are or if it is beyond a long (MongoDB manual, "$sum")."""
    types = value.types & NUMBERS
    if types & INEXACT:
        return Value(types | {"int", "long", "double"})
    return Value({"int", "long", "double"}, lo=-DOUBLE_MAX, hi=DOUBLE_MAX, nan=False, whole=True)


def type_set(given):
    types = set()
    for name in given if isinstance(given, list) else [given]:
        types |= ALIASES.get(name, {TYPE_NUMBERS.get(name, name)})
    return frozenset(types)


def problems(command):
    """What may fail in a command."""
    expressions = Expressions()
    pipeline = Pipeline(expressions)
    if "aggregate" in command:
        for stage in command["pipeline"]:
            pipeline.stage(stage)
    else:
        pipeline.stage_match(command.get("filter", {}))
        pipeline.stage_sort(command.get("sort", {}))
        pipeline.stage_project(command.get("projection", {}))
    return expressions.problems


def commands(path):
    with open(path, "rb") as file:
        yield from bson.decode_file_iter(file, OPTIONS)


def main():
    count = 0
    found = OrderedDict()
    for path in sys.argv[1:]:
        for command in commands(path):
            count += 1
            for text, kind in problems(command).items():
                found.setdefault(kind, []).append((len(text), text, command))
    for kind, cases in found.items():
        _, text, command = min(cases, key=lambda case: case[:2])
        print("%s (%d commands)\n  %s\n  of %.3000s" % (kind, len(cases), text, json_util.dumps(command)))
    if not found:
        print("%d commands are total" % count if count else "no commands")


if __name__ == "__main__":
    main()
