"""What MongoDB's aggregation expressions may evaluate to, and whether they may fail.

An expression is read into nodes, equal ones into one.  A variable of $let is the
node that it stands for.  Each node has a Value, which depends on the Facts: what
is known of other nodes.  A condition of $cond is such a fact for what its branches
evaluate to, but not for whether they fail: a server may evaluate all of them.
"""

import math

from abstract import (ALL, DOUBLE_MAX, INEXACT, INSTANTS, INT_BOUNDS, LONG_MAX, LONG_MIN, NULLISH, NUMBERS, ORDER, TYPES, Value, bound,
                      constant)

COMPARED = {"$eq": "$eq", "$ne": "$ne", "$gt": "$lt", "$gte": "$lte", "$lt": "$gt", "$lte": "$gte"}
NEGATED = {"$eq": "$ne", "$ne": "$eq", "$gt": "$lte", "$gte": "$lt", "$lt": "$gte", "$lte": "$gt"}
ALIASES = {"number": NUMBERS}
# named arguments, in the order in which the rules below take them
NAMED = {"$cond": ("if", "then", "else"), "$convert": ("input", "to", "onError", "onNull"), "$regexMatch": ("input", "regex", "options"),
         "$dateTrunc": ("date", "unit", "binSize", "timezone", "startOfWeek"), "$filter": ("input", "cond"), "$map": ("input", "in"),
         "$reduce": ("input", "in")}
PARTS = {"$year": None, "$month": (1, 12), "$dayOfMonth": (1, 31), "$dayOfYear": (1, 366), "$dayOfWeek": (1, 7), "$hour": (0, 23),
         "$minute": (0, 59), "$second": (0, 60), "$millisecond": (0, 999), "$isoWeek": (1, 53), "$isoWeekYear": None,
         "$isoDayOfWeek": (1, 7), "$week": (0, 53)}
# other operators that are null if one of their arguments is
STRICT = ("$add", "$subtract", "$multiply", "$divide", "$mod", "$dateTrunc", "$toInt", "$toLong", "$toDouble", "$toDecimal",
          "$floor", "$ceil", "$trunc", "$round")
BOOL = Value("bool")
NULL = Value("null")
# no date of PostgreSQL's is as far as that; beyond it arithmetic of dates may overflow
FAR = 2**62


class Facts:
    def __init__(self, known=None):
        self.known = known or {}
        self.memo = {}


class Expressions:
    def __init__(self):
        self.nodes, self.index, self.python, self.names = [], {}, {}, {}
        self.roots, self.assumed = {}, {}
        self.problems, self.checked, self.pending, self.base = {}, set(), [], Facts()

    # -- reading ----------------------------------------------------------------

    def intern(self, *node):
        if node not in self.index:
            self.index[node] = len(self.nodes)
            self.nodes.append(node)
        return self.index[node]

    def constant(self, value):
        node = self.intern("constant", type(value).__name__, repr(value))
        self.python[node] = value
        return node

    def root(self, value):
        node = self.intern("root", len(self.roots))
        self.roots[node] = value
        return node

    def path(self, base, names):
        for name in names.split("."):
            base = self.intern("field", base, name)
        return base

    def read(self, expr, scope):
        """The node of an expression; scope has the nodes of variables."""
        if isinstance(expr, str) and expr.startswith("$"):
            if not expr.startswith("$$"):
                return self.path(scope["CURRENT"], expr[1:])
            name, _, rest = expr[2:].partition(".")
            if name not in scope:
                return self.intern("op", name, (), ())
            return self.path(scope[name], rest) if rest else scope[name]
        if isinstance(expr, list):
            return self.intern("array", tuple(self.read(item, scope) for item in expr))
        if not isinstance(expr, dict):
            return self.constant(expr)
        if not expr or not next(iter(expr)).startswith("$"):
            return self.intern("object", tuple(expr), tuple(self.read(value, scope) for value in expr.values()))
        name, argument = next(iter(expr.items()))
        return self.read_operator(name, argument, scope)

    def read_operator(self, name, argument, scope):
        if name == "$literal":
            return self.constant(argument)
        if name == "$let":
            inner = {**scope, **{var: self.read(value, scope) for var, value in argument["vars"].items()}}
            self.pending += [inner[var] for var in argument["vars"]]
            return self.read(argument["in"], inner)
        if name in ("$filter", "$map", "$reduce"):
            return self.read_loop(name, argument, scope)
        if name == "$switch":
            branches = [item for branch in argument["branches"] for item in (branch["case"], branch["then"])]
            parts = branches + [argument["default"]] if "default" in argument else branches
            return self.intern("op", name, tuple(self.read(part, scope) for part in parts), ())
        if name in NAMED and isinstance(argument, dict):
            given = [key for key in NAMED[name] if key in argument]
            if set(argument) - set(given):
                self.report("%s has arguments that the checker does not know" % name, None)
            return self.intern("op", name, tuple(self.read(argument[key], scope) for key in given), tuple(given))
        if isinstance(argument, dict) and not next(iter(argument), "").startswith("$"):
            return self.intern("op", name, tuple(self.read(item, scope) for item in argument.values()), tuple(argument))
        arguments = argument if isinstance(argument, list) else [argument]
        names = NAMED.get(name, ())[:len(arguments)]
        return self.intern("op", name, tuple(self.read(item, scope) for item in arguments), names)

    def read_loop(self, name, argument, scope):
        source = self.read(argument["input"], scope)
        this = self.intern("element", source)
        inner = {**scope, argument.get("as", "this"): this}
        if name != "$reduce":
            body = self.read(argument["cond" if name == "$filter" else "in"], inner)
            return self.intern("op", name, (source, body), ())
        first = self.read(argument["initialValue"], scope)
        value = self.intern("accumulated", len(self.assumed))
        self.assumed[value] = Value(())
        return self.intern("op", name, (source, first, self.read(argument["in"], {**inner, "value": value})), (value,))

    # -- writing ----------------------------------------------------------------

    def show(self, node, depth=0):
        kind, *rest = self.nodes[node]
        if depth > 6:
            return "…"
        if kind == "constant":
            return rest[1]
        if kind == "field":
            base = self.show(rest[0], depth)
            return "%s.%s" % (base, rest[1]) if base != "$" else "$" + rest[1]
        if kind == "object":
            return "{%s}" % ", ".join("%s: %s" % (name, self.show(part, depth + 1)) for name, part in zip(*rest))
        if kind == "array":
            return "[%s]" % ", ".join(self.show(part, depth + 1) for part in rest[0])
        if kind == "op":
            return "%s(%s)" % (rest[0], ", ".join(self.show(part, depth + 1) for part in rest[1]))
        return "$" if kind == "root" else "$$%s" % kind

    def report(self, message, node):
        text = message if node is None else "%s in %s" % (message, self.show(node))
        self.problems.setdefault(text, message)

    # -- evaluating ---------------------------------------------------------------

    def value(self, node, facts):
        if node not in facts.memo:
            found = self.evaluate(node, facts)
            if node in facts.known:
                found &= facts.known[node]
            facts.memo[node] = found
        return facts.memo[node]

    def evaluate(self, node, facts, fail=lambda message: None):
        kind, *rest = self.nodes[node]
        if kind == "constant":
            return constant(self.python[node])
        if kind == "root":
            return self.roots[node]
        if kind == "field":
            return self.value(rest[0], facts).field(rest[1])
        if kind == "element":
            array = self.value(rest[0], facts)
            return array.element if "array" in array.types and array.element is not None else Value()
        if kind == "accumulated":
            return self.assumed[node]
        if kind == "array":
            element = Value(())
            for part in rest[0]:
                inner = self.value(part, facts)
                element |= inner if "missing" not in inner.types else inner.without({"missing"}) | NULL
            return Value("array", element=element)
        if kind == "object":
            return Value("object", fields={name: self.value(part, facts) for name, part in zip(*rest)})
        return self.operator(node, facts, fail)

    def operator(self, node, facts, fail):
        _, name, parts, names = self.nodes[node]
        if name in BRANCHING:
            return BRANCHING[name](self, node, parts, facts, fail)
        if name not in RULES:
            fail("the checker does not know %s" % name)
            return Value()
        return RULES[name](self, name, Arguments(self, parts, names, facts), fail)

    def check(self, node, facts=None):
        """Notes what may fail in an expression, by whatever facts it is evaluated."""
        base = facts or Facts()
        todo, self.pending = [node] + self.pending, []
        while todo:
            node = todo.pop()
            if node in self.checked:
                continue
            self.checked.add(node)
            kind, *rest = self.nodes[node]
            if kind == "op":
                todo += rest[1]
                self.operator(node, base, lambda message, node=node: self.report(message, node))
            elif kind in ("object", "array"):
                todo += rest[-1]
            elif kind in ("field", "element"):
                todo.append(rest[0])

    # -- conditions -----------------------------------------------------------------

    def narrow(self, node, truth, facts):
        """The facts, and that a condition is true, or false."""
        known = dict(facts.known)
        self.suppose(node, truth, facts, known)
        return Facts(known) if known != facts.known else facts

    def suppose(self, node, truth, facts, known):
        kind, *rest = self.nodes[node]
        self.learn(known, node, Value(ALL - NULLISH) if truth else Value(NULLISH | NUMBERS | {"bool"}))
        if kind != "op":
            return
        name, parts, _ = rest
        if name == "$not":
            self.suppose(parts[0], not truth, facts, known)
        elif name in ("$and", "$or") and (name == "$and") == truth:
            for part in parts * 2:
                self.suppose(part, truth, Facts(known), known)
        elif name in ("$and", "$or"):
            self.suppose_any(parts, truth, facts, known)
        elif name in ("$in",) and truth is not None:
            self.suppose_member(parts, truth, known)
        elif name in COMPARED:
            self.suppose_compared(name if truth else NEGATED[name], parts, facts, known)
        elif name == "$isNumber":
            self.learn(known, parts[0], Value(NUMBERS if truth else ALL - NUMBERS))
        elif name == "$isArray":
            self.learn(known, parts[0], Value({"array"} if truth else ALL - {"array"}))

    def suppose_any(self, parts, truth, facts, known):
        """One of them is: what is known of a node under each of them."""
        found = None
        for part in parts:
            mine = dict(known)
            self.suppose(part, truth, facts, mine)
            mine = {node: value for node, value in mine.items() if node not in known or known[node] != value}
            found = mine if found is None else {node: found[node] | mine[node] for node in found if node in mine}
        for node, value in (found or {}).items():
            known[node] = value

    def suppose_member(self, parts, truth, known):
        kind, *rest = self.nodes[parts[0]]
        listed = self.nodes[parts[1]]
        if kind == "op" and rest[0] == "$type" and listed[0] == "array":
            names = {self.python[item] for item in listed[1] if item in self.python}
            self.learn(known, rest[1][0], Value(names & ALL if truth else ALL - names))

    def suppose_compared(self, name, parts, facts, known):
        for one, other, op in ((parts[0], parts[1], name), (parts[1], parts[0], COMPARED[name])):
            kind, *rest = self.nodes[one]
            constant_ = self.python.get(other, self)
            if op == "$eq" and self.nodes[other] == ("op", "$trunc", (one,), ()):
                self.learn(known, one, Value(whole=True, nan=True))
            if constant_ is self:
                if op == "$eq":
                    self.learn(known, one, like(self.value(other, facts)))
                elif op in ("$gt", "$gte") and not self.value(other, facts).can_be(NULLISH | {"minKey"}):
                    self.learn(known, one, Value(ALL - NULLISH))
                continue
            if kind == "op" and rest[0] == "$type" and isinstance(constant_, str) and op in ("$eq", "$ne"):
                self.learn(known, rest[1][0], Value({constant_} & ALL if op == "$eq" else ALL - {constant_}))
            else:
                self.learn(known, one, compared(op, constant(constant_)))

    def learn(self, known, node, value):
        known[node] = known.get(node, Value()) & value
        kind, *rest = self.nodes[node]
        if kind != "op":
            return
        name, parts, names = rest
        learned = known[node] & self.value(node, self.base)
        if name in ("$toLong", "$subtract") and not learned.can_be(ALL - {"long"}):
            zero = Value("date", first=0, last=0) if name == "$toLong" else self.value(parts[1], self.base)
            if zero.types == {"date"} and zero.first == zero.last and abs(learned.lo) + abs(learned.hi) < math.inf:
                self.learn(known, parts[0], Value(first=learned.lo + zero.first, last=learned.hi + zero.first))
        if name == "$ifNull" and len(parts) == 2 and not learned.can_be(self.value(parts[1], self.base).types):
            self.learn(known, parts[0], learned.without(NULLISH))
        elif name == "$cond":
            self.learn_branch(known, parts, learned)
        elif name == "$abs" and not learned.can_be(NULLISH):
            self.learn(known, parts[0], Value(lo=-learned.hi, hi=learned.hi, zero=learned.zero, nan=learned.nan))
        elif name == "$convert":
            self.learn_converted(known, parts, names, learned)
        elif (name in PARTS or name in STRICT) and not learned.can_be(NULLISH):
            for part in parts:
                if part is not None:
                    self.learn(known, part, Value(ALL - NULLISH))

    def learn_converted(self, known, parts, names, learned):
        """Where $convert made a number, what of: it cuts off what is not whole."""
        args = Arguments(self, parts, names, self.base)
        otherwise = [args.named(name) or NULL for name in ("onError", "onNull")]
        if args.python("to") == "long" and not any((value & learned).types for value in otherwise) and not learned.can_be(ALL - {"long"}):
            self.learn(known, parts[0], Value(first=learned.lo, last=learned.hi, lo=learned.lo - 1, hi=learned.hi + 1, nan=False))

    def learn_branch(self, known, parts, learned):
        """Where one branch of $cond cannot be such a value it is the other one."""
        possible = [(self.value(part, self.base) & learned).types for part in parts[1:]]
        if bool(possible[0]) != bool(possible[1]):
            self.suppose(parts[0], bool(possible[0]), self.base, known)
            self.learn(known, parts[1] if possible[0] else parts[2], learned)


def like(value):
    """What may be equal to a value."""
    classes = {ORDER[name] for name in value.types}
    numeric_ = value.can_be(NUMBERS)
    dated = value.can_be({"date"})
    return Value({name for name in TYPES if ORDER[name] in classes}, lo=value.lo if numeric_ else -math.inf,
                 hi=value.hi if numeric_ else math.inf, nan=value.nan, zero=value.zero, whole=value.whole and numeric_,
                 first=value.first if dated else LONG_MIN, last=value.last if dated else LONG_MAX)


def compared(op, with_):
    """What is so compared with a constant."""
    place = ORDER[next(iter(with_.types))]
    same = frozenset(name for name in TYPES if ORDER[name] == place)
    if op == "$ne":
        # of a type with one value nothing else is left
        return Value(ALL - (with_.types & {"null", "minKey", "maxKey"}), zero=not (with_.types & NUMBERS and with_.zero))
    beyond = {"$eq": (), "$gt": range(place + 1, 99), "$gte": range(place + 1, 99), "$lt": range(place), "$lte": range(place)}[op]
    types = same | {name for name in TYPES if ORDER[name] in beyond}
    if op in ("$gt", "$lt") and place in (0, 2, 16):
        types -= same
    if op == "$eq" and place == ORDER["null"]:
        types = {"null"}
    found = Value(types)
    if with_.types & NUMBERS and not with_.nan:
        low, high = op in ("$eq", "$gt", "$gte"), op in ("$eq", "$lt", "$lte")
        return Value(types, lo=with_.lo if low else -math.inf, hi=with_.hi if high else math.inf, nan=not low,
                     zero=not (op in ("$gt", "$lt") and with_.zero))
    if "date" in with_.types:
        return Value(types, first=with_.first + (op == "$gt") if op in ("$eq", "$gt", "$gte") else LONG_MIN,
                     last=with_.last - (op == "$lt") if op in ("$eq", "$lt", "$lte") else LONG_MAX)
    return found


class Arguments:
    """Values of an operator's arguments, by place or name."""

    def __init__(self, owner, nodes, names, facts):
        self.owner, self.nodes, self.names, self.facts = owner, nodes, names, facts

    def __getitem__(self, place):
        return self.owner.value(self.nodes[place], self.facts)

    def __len__(self):
        return len(self.nodes)

    def __iter__(self):
        return (self[place] for place in range(len(self)))

    def named(self, name):
        return self[self.names.index(name)] if name in self.names else None

    def python(self, name):
        """A constant argument by name, or None."""
        return self.owner.python.get(self.nodes[self.names.index(name)]) if name in self.names else None

    def nullish(self):
        return any(value.can_be(NULLISH) for value in self)


def is_true(value):
    return not value.can_be(NULLISH | {"bool"}) and not (value.can_be(NUMBERS) and value.zero)


def branch(self, condition, truth, then, facts):
    return self.value(then, self.narrow(condition, truth, facts))


def cond(self, node, parts, facts, fail):
    return branch(self, parts[0], True, parts[1], facts) | branch(self, parts[0], False, parts[2], facts)


def switch(self, node, parts, facts, fail):
    found = Value(())
    for place in range(0, len(parts) - 1, 2):
        found |= branch(self, parts[place], True, parts[place + 1], facts)
        facts = self.narrow(parts[place], False, facts)
    if len(parts) % 2:
        return found | self.value(parts[-1], facts)
    if self.python.get(parts[-2]) is not True:
        fail("$switch may have no branch")
    return found


def add(self, node, parts, facts, fail):
    """Sums, under each condition that an addend depends on."""
    for place in reversed(range(len(parts))):
        kind, *rest = self.nodes[parts[place]]
        if kind == "op" and rest[0] == "$cond":
            name = self.nodes[node][1]
            found = Value(())
            for truth in (True, False):
                narrowed = self.narrow(rest[1][0], truth, facts)
                if parts[place] in facts.known:
                    narrowed = Facts(dict(narrowed.known))
                    self.learn(narrowed.known, rest[1][1 if truth else 2], facts.known[parts[place]])
                less = self.intern("op", name, parts[:place] + (rest[1][1 if truth else 2],) + parts[place + 1:], ())
                found |= add(self, less, self.nodes[less][2], narrowed, fail)
            return found
    name = self.nodes[node][1]
    values = [self.value(part, facts) for part in parts]
    found = values[0]
    if len(values) == 1:
        return arithmetic(name, found, Value("int", lo=0, hi=0), fail)
    for value in values[1:]:
        found = arithmetic(name, found, value, fail)
    return found


def arithmetic(name, a, b, fail):
    allowed = NUMBERS | NULLISH | ({"date"} if name != "$multiply" else set())
    for value in (a, b):
        if value.types - allowed:
            fail("%s of %s" % (name, Value(value.types - allowed).names()))
    found = Value("null") if a.can_be(NULLISH) or b.can_be(NULLISH) else Value(())
    if a.can_be(NUMBERS) and b.can_be(NUMBERS):
        found |= numbers(name, a.only(NUMBERS), b.only(NUMBERS))
    if name == "$multiply":
        return found
    if a.can_be({"date"}) and b.can_be({"date"}):
        if name == "$add":
            fail("$add of two dates")
        low, high = a.first - b.last, a.last - b.first
        if low < LONG_MIN or high > LONG_MAX:
            fail("the difference of dates may overflow")
        found |= Value("long", lo=max(low, LONG_MIN), hi=min(high, LONG_MAX))
    if b.can_be({"date"}) and a.can_be(NUMBERS):
        if name == "$subtract":
            fail("$subtract of a date from a number")
        a, b = b, a
    if a.can_be({"date"}) and b.can_be(NUMBERS):
        first, last = (a.first + b.lo, a.last + b.hi) if name == "$add" else (a.first - b.hi, a.last - b.lo)
        if first < LONG_MIN or last > LONG_MAX or b.nan:
            fail("a date may overflow")
        found |= Value("date", first=max(first, LONG_MIN), last=min(last, LONG_MAX))
    return found


def product(x, y):
    return 0 if x == 0 or y == 0 else x * y


def numbers(name, a, b):
    """Sum, difference or product of numbers."""
    if name == "$add":
        ends = [a.lo + b.lo, a.hi + b.hi]
    elif name == "$subtract":
        ends = [a.lo - b.hi, a.hi - b.lo]
    else:
        ends = [product(x, y) for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    lo, hi = bound(min(ends)), bound(max(ends))
    # longs that overflow become a double
    types = set()
    if "decimal" in a.types | b.types:
        types.add("decimal")
    if "double" in a.types | b.types or lo < LONG_MIN or hi > LONG_MAX:
        types.add("double")
    if a.types - INEXACT and b.types - INEXACT:
        types |= {"long"} | ({"int"} if "int" in a.types and "int" in b.types else set())
    exact = a.whole and b.whole
    inexact = bool(types & INEXACT)
    return Value(types, lo=lo, hi=hi, nan=a.nan or b.nan or (inexact and math.inf in (-lo, hi)), whole=exact and lo > -math.inf and hi < math.inf,
                 zero=not (name == "$multiply" and exact and not a.zero and not b.zero))


def numeric(name, value, fail, allowed=NUMBERS | NULLISH):
    if value.types - allowed:
        fail("%s of %s" % (name, Value(value.types - allowed).names()))
    return NULL if value.can_be(NULLISH) else Value(())


def rounding(self, name, args, fail):
    value = args[0]
    found = numeric(name, value, fail)
    if value.can_be(NUMBERS):
        found |= value.only(NUMBERS).but(whole=len(args) == 1, zero=True, lo=bound(math.floor(value.lo)) if abs(value.lo) < math.inf else value.lo,
                                         hi=bound(math.ceil(value.hi)) if abs(value.hi) < math.inf else value.hi)
    return found


def absolute(self, name, args, fail):
    value = args[0]
    found = numeric(name, value, fail)
    if "long" in value.types and value.lo <= LONG_MIN:
        fail("$abs of the least long")
    if value.can_be(NUMBERS):
        far = max(abs(value.lo), abs(value.hi)) if value.lo <= value.hi else -math.inf
        near = 0 if value.lo <= 0 <= value.hi else min(abs(value.lo), abs(value.hi))
        types = value.types & NUMBERS | ({"long"} if "int" in value.types else set())
        found |= Value(types, lo=near, hi=far, nan=value.nan, zero=value.zero, whole=value.whole)
    return found


def division(self, name, args, fail):
    a, b = args[0], args[1]
    found = numeric(name, a, fail) | numeric(name, b, fail)
    if b.can_be(NUMBERS) and b.zero:
        fail("%s by zero" % name)
    if not (a.can_be(NUMBERS) and b.can_be(NUMBERS)):
        return found
    types = (a.types | b.types) & NUMBERS
    if name == "$mod":
        far = max(abs(b.lo), abs(b.hi)) if b.lo <= b.hi else math.inf
        return found | Value(types, lo=max(-far, min(a.lo, 0)), hi=min(far, max(a.hi, 0)), whole=a.whole and b.whole, nan=bool(types & INEXACT))
    least = min(abs(b.lo), abs(b.hi)) if b.lo > 0 or b.hi < 0 else 1 if b.whole and not b.zero else 0
    far = max(abs(a.lo), abs(a.hi)) if a.lo <= a.hi else math.inf
    far = math.inf if least == 0 else bound(far / least) if far <= DOUBLE_MAX else math.inf
    sound = far < math.inf and not a.nan and not b.nan
    return found | Value({"decimal", "double"} if "decimal" in types else {"double"}, lo=-far, hi=far, nan=not sound)


def conversion(self, name, args, fail):
    """$convert, $toLong and the like."""
    if name == "$convert":
        value, to = args.named("input"), args.python("to")
        on_error, on_null = args.named("onError"), args.named("onNull")
    else:
        value, to = args[0], name[3].lower() + name[4:]
        on_error = on_null = None
    if to not in ALL:
        fail("%s to what the checker does not know" % name)
        return Value()
    found = (on_null or NULL) if value.can_be(NULLISH) else Value(())
    reasons = []
    given = value.without(NULLISH)
    found |= converted(given, to, reasons)
    if reasons and on_error is not None:
        return found | on_error
    for reason in reasons:
        fail("%s %s" % (name, reason))
    return found


def converted(value, to, reasons):
    """What a value that is not null is as another type; reasons for which it may be nothing."""
    possible = {"double": NUMBERS | {"bool", "date"}, "long": NUMBERS | {"bool", "date"}, "int": NUMBERS | {"bool"},
                "decimal": NUMBERS | {"bool", "date"}, "date": {"date", "timestamp", "objectId", "long", "double", "decimal"},
                "string": NUMBERS | {"bool", "date", "string", "objectId"}, "bool": ALL, "objectId": {"objectId"}}[to]
    if value.types - possible:
        reasons.append("of %s" % Value(value.types - possible).names())
    if to in ("int", "long"):
        low, high = INT_BOUNDS[to]
        if value.can_be(NUMBERS) and (value.lo < low or value.hi > high or value.nan):
            reasons.append("of a number out of range")
        found = Value(to, lo=max(low, value.lo), hi=min(high, value.hi), zero=value.zero or not value.whole) if value.can_be(NUMBERS) else Value(())
        if "date" in value.types and to == "long":
            found |= Value(to, lo=value.first, hi=value.last)
        return found | (Value(to, lo=0, hi=1) if "bool" in value.types else Value(())) | (Value(to) if reasons else Value(()))
    if to == "double" and "decimal" in value.types and (value.lo < -DOUBLE_MAX or value.hi > DOUBLE_MAX):
        # infinity is one, and what is beyond all doubles is not
        reasons.append("of a decimal out of range")
    if to in ("double", "decimal") and value.types <= NUMBERS:
        return value.but(types={to}) if value.types else value
    if to == "date" and value.can_be(INEXACT) and (value.nan or value.lo < LONG_MIN or value.hi > LONG_MAX):
        reasons.append("of a number out of range")
    if to == "date":
        found = value.only({"date"})
        if "long" in value.types and not value.can_be(INEXACT):
            return found | Value("date", first=value.lo, last=value.hi)
        return found | Value("date")
    if to == "string" and "date" in value.types and (value.first < -62167219200000 or value.last >= 253402300800000):
        reasons.append("of a date whose year has not four digits")
    return Value(to)


def text_of(name, value, fail, allowed):
    if value.types - allowed:
        fail("%s of %s" % (name, Value(value.types - allowed).names()))


# what operators on strings take for strings
STRINGLIKE = NULLISH | NUMBERS | {"string", "symbol", "date", "timestamp", "javascript"}


def stringlike(self, name, args, fail):
    text_of(name, args[0], fail, STRINGLIKE)
    for value in list(args)[1:]:
        if value.types - NUMBERS or name == "$substrCP" and not (value.whole and value.lo >= 0):
            fail("%s of a position that is none" % name)
    if name == "$substrBytes" and [args.owner.python.get(node) for node in args.nodes[1:]] != [0, -1]:
        fail("$substrBytes may cut a character")
    return Value("string")


def concat(self, name, args, fail):
    for value in args:
        text_of(name, value, fail, NULLISH | {"string"})
    return Value("string") | NULL if args.nullish() else Value("string")


def length(self, name, args, fail):
    text_of(name, args[0], fail, {"string"})
    return Value("int", lo=0, hi=2**24)


def index_of(self, name, args, fail):
    text_of(name, args[0], fail, NULLISH | {"string"})
    text_of(name, args[1], fail, {"string"})
    if len(args) > 2:
        fail("%s has arguments that the checker does not know" % name)
    return Value("int", lo=-1, hi=2**24) | (NULL if args[0].can_be(NULLISH) else Value(()))


def regex_match(self, name, args, fail):
    text_of(name, args.named("input"), fail, NULLISH | {"string"})
    if args.python("regex") is None:
        fail("%s by what is no constant" % name)
    return BOOL


def named_texts(self, name, args, fail):
    """$trim, $ltrim, $rtrim and $replaceAll."""
    values = [args.named(part) for part in args.names]
    for value in values:
        text_of(name, value, fail, NULLISH | {"string"})
    return Value("string") | (NULL if any(value.can_be(NULLISH) for value in values) else Value(()))


def split(self, name, args, fail):
    text_of(name, args[0], fail, NULLISH | {"string"})
    if not args.owner.python.get(args.nodes[1]):
        fail("%s at what is no constant" % name)
    return Value("array", element=Value("string")) | (NULL if args[0].can_be(NULLISH) else Value(()))


def if_null(self, name, args, fail):
    found = Value(())
    for place, value in enumerate(args):
        last = place == len(args) - 1
        found |= value if last else value.without(NULLISH)
        if not value.can_be(NULLISH):
            break
    return found


def extreme(self, name, args, fail):
    """$max and $min of some values, or of an array's elements."""
    values = list(args)
    if len(values) == 1:
        array = values[0]
        found = array.without({"array"})
        return found | (array.element or Value()) | NULL if "array" in array.types else found
    found = Value(())
    for value in values:
        found |= value
    if all(value.can_be(NULLISH) for value in values):
        found |= NULL
    else:
        found = found.without(NULLISH)
    sure = [value for value in values if value.types and value.types <= NUMBERS]
    if name == "$max" and sure:
        found = found.only({kind for kind in ALL if ORDER[kind] >= ORDER["int"]})
        return found.but(lo=max(value.lo for value in sure if not value.nan) if any(not value.nan for value in sure) else found.lo,
                         nan=all(value.nan for value in values))
    if name == "$min" and sure:
        found = found.only({kind for kind in ALL if ORDER[kind] <= ORDER["int"]})
        return found.but(hi=min(value.hi for value in sure))
    return found


def member(self, name, args, fail):
    if args[1].types != {"array"}:
        fail("$in of what may be no array")
    return BOOL


def element_at(self, name, args, fail):
    text_of(name, args[0], fail, NULLISH | {"array"})
    if len(args) > 1 and (args[1].types - NUMBERS or not args[1].whole):
        fail("%s of a place that is none" % name)
    return (args[0].element or Value()) | Value({"missing", "null"})


def size(self, name, args, fail):
    text_of(name, args[0], fail, {"array"})
    return Value("int", lo=0, hi=2**24)


def arrays(self, name, args, fail):
    element = Value(())
    for value in args:
        text_of(name, value, fail, NULLISH | {"array"})
        element |= (value.element or Value()) if "array" in value.types else Value(())
    return Value("array", element=element) | (NULL if args.nullish() else Value(()))


def zone_is_sound(args, fail):
    node = args.nodes[args.names.index("timezone")] if "timezone" in args.names else None
    if node is not None and node not in args.owner.python:
        fail("a time zone that is no constant")


def part(self, name, args, fail):
    date = args.named("date") or args[0]
    text_of(name, date, fail, INSTANTS | NULLISH)
    zone_is_sound(args, fail)
    low, high = PARTS[name] or (-300000000, 300000000)
    return Value({"int", "long"}, lo=low, hi=high) | (NULL if date.can_be(NULLISH) else Value(()))


def date_trunc(self, name, args, fail):
    date = args.named("date")
    text_of(name, date, fail, INSTANTS | NULLISH)
    zone_is_sound(args, fail)
    if "date" in date.types and (date.first < -FAR or date.last > FAR):
        fail("$dateTrunc of a date that may be too far")
    found = Value("date", first=max(LONG_MIN, date.first - 400 * 86400000), last=min(LONG_MAX, date.last + 86400000))
    return found | (NULL if date.can_be(NULLISH) else Value(()))


def filtered(self, node, parts, facts, fail):
    array = self.value(parts[0], facts)
    text_of("$filter", array, fail, NULLISH | {"array"})
    this = self.intern("element", parts[0])
    element = self.value(this, self.narrow(parts[1], True, facts))
    return Value("array", element=element) | (NULL if array.can_be(NULLISH) else Value(()))


def mapped(self, node, parts, facts, fail):
    array = self.value(parts[0], facts)
    text_of("$map", array, fail, NULLISH | {"array"})
    return Value("array", element=self.value(parts[1], facts)) | (NULL if array.can_be(NULLISH) else Value(()))


def reduced(self, node, parts, facts, fail):
    array = self.value(parts[0], facts)
    text_of("$reduce", array, fail, NULLISH | {"array"})
    accumulated = self.nodes[node][3][0]
    if not self.assumed[accumulated].types:
        found = self.value(parts[1], facts)
        for _ in range(4):
            self.assumed[accumulated] = found
            found |= self.value(parts[2], Facts(facts.known))
        # what still changes may become anything of its types
        if found != self.assumed[accumulated]:
            self.assumed[accumulated] = Value(found.types | (NUMBERS if found.can_be(NUMBERS) else set()))
            facts.memo.clear()
    return self.assumed[accumulated] | self.value(parts[1], facts) | (NULL if array.can_be(NULLISH) else Value(()))


def logical(self, node, parts, facts, fail):
    return BOOL


def always(value):
    return lambda self, name, args, fail: value


BRANCHING = {"$cond": cond, "$switch": switch, "$add": add, "$subtract": add, "$multiply": add, "$filter": filtered, "$map": mapped,
             "$reduce": reduced, "$and": logical, "$or": logical, "$not": logical}
RULES = {
    **{name: always(BOOL) for name in (*COMPARED, "$isNumber", "$isArray")},
    **{name: part for name in PARTS},
    **{"$to" + name: conversion for name in ("Long", "Int", "Double", "Decimal", "String", "Date", "Bool", "ObjectId")},
    **{name: rounding for name in ("$trunc", "$floor", "$ceil", "$round")},
    **{name: stringlike for name in ("$substrCP", "$substrBytes", "$toLower", "$toUpper")},
    "$cmp": always(Value("int", lo=-1, hi=1)), "$type": always(Value("string")), "$convert": conversion, "$abs": absolute,
    "$divide": division, "$mod": division, "$concat": concat, "$strLenCP": length, "$strLenBytes": length, "$indexOfBytes": index_of, "$indexOfCP": index_of, "$regexMatch": regex_match,
    "$ifNull": if_null, "$max": extreme, "$min": extreme, "$in": member, "$arrayElemAt": element_at, "$first": element_at, "$last": element_at,
    "$trim": named_texts, "$ltrim": named_texts, "$rtrim": named_texts, "$replaceAll": named_texts, "$split": split,
    "$size": size, "$concatArrays": arrays, "$dateTrunc": date_trunc, "NOW": always(Value("date", first=-FAR, last=FAR)),
    "REMOVE": always(Value("missing")), "$rand": always(Value("double", lo=0, hi=1, nan=False)),
}
