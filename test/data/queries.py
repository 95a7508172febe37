#!/usr/bin/env python3
"""Makes queries for the random test, test/pgtap/random.sql.

    queries.py SEED COUNT            that many queries, numbered from 1
    queries.py SEED NUMBER STEPS     what is one step smaller than the query of
                                     that number after the steps given, like
                                     4,0,2; most drastic steps first

One CSV record each: its number, the time zone, whether the order of rows
counts, how many columns it has, the types of its parameters, their values, and
the query.  With parameters, it is to be prepared and executed.

The queries read the table t, whose columns are those of typed.py, and names, a
table of PostgreSQL's own.  Results do not depend on the order of the rows in
them: rows are cut after sorting by a unique key, floats are summed only where
every sum is exact, and 0 is added to a float that is a group key or an extreme,
as 0 and -0 are equal and print differently; also to sums, as MongoDB's sum of
nothing but -0 is 0.  What may raise an error is in no condition, as conditions
are evaluated in any order.
"""

import csv
import random
import re
import sys

from terms import AGGREGATES, COLUMNLESS, COLUMNS, FALLIBLE, FUNCTIONS, KEY_TYPES, LITERALS, ZONES


class Term:
    """An expression: a template, whose {} are its parts."""

    def __init__(self, typ, template, parts=()):
        self.typ, self.template, self.parts = typ, template, list(parts)

    def render(self, arguments):
        pieces = self.template.split("{}")
        return "".join(piece + part.render(arguments)
                       for piece, part in zip(pieces, self.parts)) + pieces[-1]

    def smaller(self):
        yield from (part for part in self.parts if part.typ == self.typ)
        if self.parts:
            yield Term(self.typ, "true" if self.typ == "bool" else "NULL::" + SQL_TYPES.get(self.typ, self.typ))
        for index, part in enumerate(self.parts):
            for less in part.smaller():
                yield Term(self.typ, self.template, self.parts[:index] + [less] + self.parts[index + 1:])


class Value(Term):
    """A constant, which may be a parameter."""

    def __init__(self, typ, literal, is_parameter=False):
        super().__init__(typ, literal)
        self.is_parameter = is_parameter

    def render(self, arguments):
        if not self.is_parameter or arguments is None:
            return self.template
        arguments.append((SQL_TYPES.get(self.typ, self.typ), self.template))
        return "$%d" % len(arguments)

    def smaller(self):
        if self.is_parameter:
            yield Value(self.typ, self.template)


# what the grammar's own types are in SQL
SQL_TYPES = {"instant": "timestamptz", "clock": "timestamp", "day": "date", "eighth": "float8", "bool": "boolean",
             "small": "int", "part": "numeric", "pattern": "text", "regex": "text"}


class Grammar:
    """Makes terms of the types wanted, of columns with these prefixes."""

    def __init__(self, rng, aliases=("",), fallible=False, utc=False):
        self.rng, self.aliases, self.fallible, self.utc = rng, aliases, fallible, utc

    def fill(self, typ, template, depth):
        """A template's term: [a|b] is one of them, <int> a term of that type."""
        template = re.sub(r"\[\[(.*?)\]\]", lambda match: self.rng.choice(match[1].split("|")), template)
        parts = [self.term(name, depth + 1) for name in re.findall(r"<(\w+)>", template)]
        return Term(typ, re.sub(r"<\w+>", "{}", template), parts)

    def column(self, typ):
        columns = [name for name, of in COLUMNS.items() if of == typ]
        return Term(typ, self.rng.choice(self.aliases) + self.rng.choice(columns)) if columns else self.value(typ)

    def value(self, typ):
        literal = "%s::%s" % (self.rng.choice(LITERALS[typ]), SQL_TYPES.get(typ, typ))
        form = self.rng.random()
        if form < 0.1:
            return Value(typ, "(SELECT %s)" % literal)
        if form < 0.2:
            return Value(typ, "(CASE WHEN now() IS NULL THEN NULL ELSE %s END)" % literal)
        return Value(typ, literal, form < 0.6)

    def choices(self, typ):
        return FUNCTIONS.get(typ, []) + (FALLIBLE.get(typ, []) if self.fallible else [])

    def term(self, typ, depth=0):
        if typ == "any":
            typ = self.rng.choice(KEY_TYPES)
        if typ == "const" or typ.startswith("const_"):
            return self.value(typ[6:])
        if typ.startswith("col_"):
            return self.column(typ[4:])
        choices = self.choices(typ)
        if typ != "bool" and (depth > 3 or not choices or self.rng.random() < 0.45 + 0.1 * depth):
            return self.column(typ) if self.rng.random() < 0.85 else self.value(typ)
        if typ == "bool" and depth > 3:
            return self.column(typ)
        return self.fill(typ, self.rng.choice(choices), depth)

    def aggregate(self, typ=None):
        """A call of an aggregate, with FILTER now and then, or an expression of some."""
        rows = [row for row in AGGREGATES if typ in (None, row[0]) and (self.fallible or not row[2])]
        of, template, _ = self.rng.choice(rows)
        made = self.fill(of, template, 1)
        if self.rng.random() < 0.15 and "FILTER" not in template and re.fullmatch(r"(count|sum|avg|min|max|bool_\w+|every|string_agg|array_agg|stddev|variance|stddev_pop|var_\w+|percentile_\w+)\([^/]*\)", made.template):
            made = Term(of, "%s FILTER (WHERE {})" % made.template, made.parts + [self.term("bool", 2)])
        if re.match(r"(sum|avg)\(", made.template) and of in ("float8", "eighth"):
            made = Term(of, "(%s + 0)" % made.template, made.parts)
        return made

    def key(self):
        """A group key, whose equal values print alike."""
        if self.rng.random() < 0.08:
            return raw(self.rng.choice(COLUMNLESS))
        typ = self.rng.choice(KEY_TYPES)
        made = self.term(typ, 1)
        return Term(typ, "({} + 0)", [made]) if typ in ("float8", "eighth") else made

    def having(self):
        made = self.rng.choice([
            lambda: Term("bool", "({} [[>|<|=|<>|>=]] {})", [self.aggregate("bigint"), self.value("small")]),
            lambda: Term("bool", "({} IS NOT NULL)", [self.aggregate()]),
            lambda: Term("bool", "({} IN ({}, {}))", [self.aggregate("bigint"), self.value("small"), self.value("small")]),
        ])()
        made.template = re.sub(r"\[\[(.*?)\]\]", lambda match: self.rng.choice(match[1].split("|")), made.template)
        if self.rng.random() < 0.3:
            return Term("bool", self.rng.choice(["({} OR {})", "({} AND {})", "({} AND NOT {})"]), [made, self.having()])
        return made


class Query:
    """A query: what stands where, and how it is written.

    slots are lists of terms, by name; a template for each kind joins them.
    """

    # how many terms a slot needs, if any
    LEAST = {"select": 1, "keys": 1, "on": 1, "how": 1, "sets": 1, "by": 1, "inner": 1, "from": 1}

    def __init__(self, kind, zone, prepared, slots):
        self.kind, self.zone, self.prepared, self.slots = kind, zone, prepared, slots

    def ordered(self):
        return bool(self.slots.get("order"))

    def text(self, arguments):
        slots = {name: [term.render(arguments) for term in terms] for name, terms in self.slots.items()}
        return WRITERS[self.kind](slots)

    def record(self, number):
        arguments = [] if self.prepared else None
        text = self.text(arguments)
        arguments = arguments or []
        return [number, self.zone, "yes" if self.ordered() else "no", self.columns(), ", ".join(typ for typ, _ in arguments),
                ", ".join(literal for _, literal in arguments), text]

    def columns(self):
        keys = self.slots["keys"] if self.kind in ("group", "sets", "star", "first", "top", "outer") else []
        added = 2 if self.kind == "first" else self.kind in WITH_ID
        return len(keys) + len(self.slots["select"]) + len(self.slots.get("grouping", [])) + added

    def but(self, **changed):
        return Query(self.kind, self.zone, self.prepared, {**self.slots, **changed})

    def smaller(self):
        """The queries that are one step smaller."""
        if self.prepared:
            yield Query(self.kind, self.zone, False, self.slots)
        for name, terms in self.slots.items():
            least = 0 if name == "keys" and self.kind in ("group", "star", "outer") else 0 if name == "inner" and self.kind == "outer" else self.LEAST.get(name, 0)
            if len(terms) > least:
                yield from (self.but(**{name: terms[:index] + terms[index + 1:]}) for index in range(len(terms)))
        for name, terms in self.slots.items():
            for index, term in enumerate(terms):
                yield from (self.but(**{name: terms[:index] + [less] + terms[index + 1:]}) for less in term.smaller())


def clause(word, parts, between=", "):
    return " %s %s" % (word, between.join(parts)) if parts else ""


def tail(slots, last):
    """ORDER BY with the unique key, LIMIT and OFFSET."""
    if not slots.get("order"):
        return ""
    return (clause("ORDER BY", slots["order"] + last) + clause("LIMIT", slots.get("limit", [])) +
            clause("OFFSET", slots.get("offset", [])))


def write_rows(slots):
    return "SELECT %s FROM t%s%s" % (", ".join(slots["select"] + ["id"]), clause("WHERE", slots["where"]), tail(slots, ["t.id"]))


def write_groups(slots):
    keys = [str(place + 1) for place in range(len(slots["keys"]))]
    return "SELECT %s FROM t%s%s%s%s" % (
        ", ".join(slots["keys"] + slots["select"]), clause("WHERE", slots["where"]), clause("GROUP BY", keys),
        clause("HAVING", slots["having"]), tail(slots, keys) if keys else "")


def write_distinct(slots):
    keys = [str(place + 1) for place in range(len(slots["select"]))]
    order = {**slots, "order": keys if slots["order"] else []}
    return "SELECT DISTINCT %s FROM t%s%s" % (", ".join(slots["select"]), clause("WHERE", slots["where"]), tail(order, []))


def write_first(slots):
    """The first row of each group, by DISTINCT ON or row_number()."""
    order = ", ".join(slots["by"] + ["id"])
    columns = ", ".join(slots["keys"] + slots["select"] + ["id"])
    if slots["how"] == ["row_number"]:
        return "SELECT * FROM (SELECT %s, row_number() OVER (PARTITION BY %s ORDER BY %s) FROM t%s) q WHERE row_number = 1" % (
            columns, ", ".join(slots["keys"]), order, clause("WHERE", slots["where"]))
    return "SELECT DISTINCT ON (%s) %s, 1 FROM t%s ORDER BY %s, %s" % (
        ", ".join(slots["keys"]), columns, clause("WHERE", slots["where"]), ", ".join(slots["keys"]), order)


def write_sets(slots):
    both = tuple((slots["keys"] * 2)[:2])
    columns = slots["keys"] + slots["select"] + [grouping % both for grouping in slots["grouping"]]
    return "SELECT %s FROM t%s GROUP BY %s%s" % (
        ", ".join(columns), clause("WHERE", slots["where"]), slots["sets"][0] % both, clause("HAVING", slots["having"]))


def write_limited(slots):
    """Aggregates over rows that are cut."""
    return "SELECT %s FROM (SELECT * FROM t%s%s) s" % (
        ", ".join(slots["select"]), clause("WHERE", slots["where"]), tail(slots, ["t.id"]))


def write_window(slots):
    return "SELECT %s, id FROM t%s%s" % (
        ", ".join("%s OVER (PARTITION BY %s ORDER BY %s, id)" % (call, slots["keys"][0], slots["by"][0])
                  for call in slots["select"]),
        clause("WHERE", slots["where"]), tail(slots, ["t.id"]))


def write_top(slots):
    keys = [str(place + 1) for place in range(len(slots["keys"]))]
    return "SELECT %s FROM t%s GROUP BY %s ORDER BY %d, %s%s" % (
        ", ".join(slots["keys"] + slots["select"]), clause("WHERE", slots["where"]), ", ".join(keys), len(keys) + len(slots["select"]),
        ", ".join(keys), clause("LIMIT", slots["limit"]))


def write_outer(slots):
    """Groups of groups, whose columns are k1, k2 ... and a1, a2 ..."""
    keys = [str(place + 1) for place in range(len(slots["within"]))]
    columns = ["%s AS k%d" % (key, place + 1) for place, key in enumerate(slots["within"])]
    columns += ["%s AS a%d" % (call, place + 1) for place, call in enumerate(slots["inner"])]
    inner = "SELECT %s FROM t%s%s%s" % (", ".join(columns), clause("WHERE", slots["where"]), clause("GROUP BY", keys), clause("HAVING", slots["having"]))
    if not slots["inner"]:
        inner = "SELECT DISTINCT %s FROM t%s" % (", ".join(columns), clause("WHERE", slots["where"]))
    keys = [str(place + 1) for place in range(len(slots["keys"]))]
    return "SELECT %s FROM (%s) q%s%s%s%s" % (
        ", ".join(slots["keys"] + slots["select"]), inner, clause("WHERE", slots["above"]), clause("GROUP BY", keys), clause("HAVING", slots["over"]),
        tail(slots, keys) if keys else "")


def write_wrapped(slots):
    """Groups in a subquery, ordered and cut outside of it."""
    keys = [str(place + 1) for place in range(len(slots["within"]))]
    names = ["k" + key for key in keys] + ["a%d" % (place + 1) for place in range(len(slots["inner"]))]
    columns = ["%s AS %s" % pair for pair in zip(slots["within"] + slots["inner"], names)]
    inner = "SELECT %s FROM t%s%s%s" % (", ".join(columns), clause("WHERE", slots["where"]), clause("GROUP BY", keys), clause("HAVING", slots["having"]))
    return "SELECT %s FROM (%s) q%s ORDER BY %s%s%s" % (
        ", ".join(slots["select"]), inner, clause("WHERE", slots["above"]), ", ".join(slots["order"] + names[:len(keys)]),
        clause("LIMIT", slots["limit"]), clause("OFFSET", slots["offset"]))


def write_join(slots):
    return "SELECT %s FROM t a %s JOIN t b ON %s WHERE a.id < 12%s" % (
        ", ".join(slots["select"]), slots["how"][0], " AND ".join(slots["on"]), clause(" AND", slots["where"]))


def write_names(slots):
    return "SELECT %s FROM names n %s JOIN t b ON %s WHERE n.g IS NOT NULL%s" % (
        ", ".join(["n.name"] + slots["select"]), slots["how"][0], " AND ".join(slots["on"]), clause(" AND", slots["where"]))


def write_star(slots):
    """Groups of a join with dimensions, whose columns are name, g and i."""
    keys = [str(place + 1) for place in range(len(slots["keys"]))]
    grouped = [slots["sets"][0] % ", ".join(keys)] if slots["sets"] and keys else keys
    return "SELECT %s FROM %s%s%s%s%s" % (
        ", ".join(slots["keys"] + slots["select"]), slots["from"][0] % "t b", clause("WHERE", slots["where"], " AND "),
        clause("GROUP BY", grouped), clause("HAVING", slots["having"]), tail(slots, keys) if keys else "")


def write_semi(slots):
    return "SELECT %s, a.id FROM t a WHERE a.id < 30 AND %s EXISTS (SELECT FROM t b WHERE %s)" % (
        ", ".join(slots["select"]), slots["how"][0], " AND ".join(slots["on"] + slots["where"]))


def write_in(slots):
    return "SELECT %s, a.id FROM t a WHERE a.id < 60 AND %s %s (SELECT %s FROM t b%s)" % (
        ", ".join(slots["select"]), slots["on"][0], slots["how"][0], slots["inner"][0], clause("WHERE", slots["where"]))


WRITERS = {"rows": write_rows, "group": write_groups, "distinct": write_distinct, "first": write_first, "sets": write_sets, "limited": write_limited,
           "window": write_window, "top": write_top, "outer": write_outer, "wrapped": write_wrapped, "join": write_join, "names": write_names, "star": write_star, "semi": write_semi,
           "in": write_in}
# kinds whose writer adds the id or another column to those selected
WITH_ID = ("rows", "window", "names", "semi", "in")
JOIN_TYPES = ["int", "small", "bigint", "text", "eighth", "timestamptz", "date", "bool", "smallint"]


def raw(text):
    return Term("", text)


def some(rng, make, most):
    return [make() for _ in range(rng.randint(1, most))]


def limit(rng, most):
    """LIMIT's number, now and then none at all."""
    return raw("NULL") if rng.random() < 0.06 else Value("bigint", str(rng.randint(0, most)), True)


def order_of(rng, grammar):
    """Keys of ORDER BY, LIMIT and OFFSET; or none of them."""
    if rng.random() < 0.6:
        return {"order": []}
    keys = [Term("", "{}" + rng.choice(["", " DESC", " NULLS FIRST", " DESC NULLS LAST"]), [grammar.term("any", 1)])
            for _ in range(rng.randint(1, 3))]
    return {"order": keys, "limit": [limit(rng, 40)] if rng.random() < 0.7 else [],
            "offset": [Value("bigint", str(rng.randint(0, 5)), True)] if rng.random() < 0.3 else []}


def cut_groups(rng, selected):
    """The same for groups, by the place of a column that is selected."""
    if rng.random() < 0.6:
        return {"order": []}
    place = raw("%d%s" % (rng.randint(1, selected), rng.choice(["", " DESC", " NULLS FIRST", " DESC NULLS LAST"])))
    return {"order": [place], "limit": [limit(rng, 10)] if rng.random() < 0.7 else [],
            "offset": [Value("bigint", str(rng.randint(0, 3)), True)] if rng.random() < 0.3 else []}


def where(rng, grammar):
    return [grammar.term("bool")] if rng.random() < 0.8 else []


def joined(rng, kind, aliases):
    """Slots of a query of two tables, whose first condition is an equality."""
    both = Grammar(rng, aliases)
    seen = Grammar(rng, aliases[:1]) if kind == "semi" else both
    inner = Grammar(rng, aliases[1:])
    typ = rng.choice(JOIN_TYPES)
    sides = [Grammar(rng, aliases[:1]).column(typ), inner.column(typ)]
    slots = {"select": some(rng, lambda: seen.term("any", 2), 3), "on": [Term("bool", "{} = {}", sides)],
             "where": [inner.term("bool", 2)] if rng.random() < 0.6 else [],
             "how": [raw(rng.choice(["", "NOT"]) if kind == "semi" else rng.choice(["", "LEFT"]))]}
    if rng.random() < 0.3:
        slots["on"].append(both.term("bool", 2))
    return slots


def make_rows(rng, grammar, safe):
    order = order_of(rng, safe)
    return {"select": some(rng, lambda: (safe if order["order"] else grammar).term("any"), 4), "where": where(rng, safe), **order}


def make_group(rng, grammar, safe):
    keys = [safe.key() for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3]))]
    if keys and rng.random() < 0.04:
        keys[-1] = raw("generate_series(1, 2)")
    slots = {"keys": keys, "where": where(rng, safe), "having": [safe.having()] if rng.random() < 0.25 else [], "order": []}
    slots["select"] = some(rng, (safe if slots["having"] else grammar).aggregate, 3)
    if keys:
        slots.update(cut_groups(rng, len(keys) + len(slots["select"])))
        # groups that are left out may be computed or not
        if slots.get("limit"):
            slots["select"] = [safe.aggregate() for _ in slots["select"]]
    return slots


def make_distinct(rng, grammar, safe):
    return {"select": some(rng, safe.key, 3), "where": where(rng, safe), **order_of(rng, safe)}


def make_first(rng, grammar, safe):
    order = [Term("", "{}" + rng.choice(["", " DESC", " NULLS FIRST", " DESC NULLS LAST"]), [safe.term("any", 1)])
             for _ in range(rng.randint(1, 2))]
    return {"keys": some(rng, safe.key, 2), "by": order, "select": some(rng, lambda: safe.term("any", 1), 3), "where": where(rng, safe),
            "how": [raw(rng.choice(["distinct", "distinct", "row_number"]))]}


def relabeled(rng, column):
    """The column, now and then with another type or collation that has the same values."""
    if column.typ != "text" or rng.random() < 0.5:
        return column
    return Term("text", rng.choice(["{}::varchar", '{} COLLATE "C"', "{}::varchar::text"]), [column])


def make_sets(rng, grammar, safe):
    # in no order: PostgreSQL takes a key that is constant for one that all rows are equal in, though sets make it null
    sets = rng.choice(["GROUPING SETS ((%s), (%s), ())", "ROLLUP (%s, %s)", "CUBE (%s, %s)", "GROUPING SETS ((%s, %s), ())",
                       "GROUPING SETS ((%s), (%s))", "%s, GROUPING SETS ((%s), ())", "GROUPING SETS ((%s, %s))"])
    keys = [safe.key() if rng.random() < 0.3 else relabeled(rng, safe.column(rng.choice(JOIN_TYPES))) for _ in range(2)]
    return {"keys": keys, "sets": [raw(sets)], "select": some(rng, safe.aggregate, 3), "where": where(rng, safe),
            "having": [safe.having()] if rng.random() < 0.2 else [],
            "grouping": [raw("GROUPING(%s, %s)")] if rng.random() < 0.5 else []}


def make_limited(rng, grammar, safe):
    return {"select": some(rng, safe.aggregate, 2), "where": where(rng, safe), **order_of(rng, safe)}


def make_window(rng, grammar, safe):
    calls = ["rank()", "row_number()", "count(*)", "sum(m)", "max(i)", "lag(t)"]
    return {"select": [raw(rng.choice(calls)) for _ in range(rng.randint(1, 2))], "keys": [safe.key()], "by": [safe.term("any", 1)],
            "where": where(rng, safe), **order_of(rng, safe)}


def make_top(rng, grammar, safe):
    """Groups, and window functions over them by which a limit cuts."""
    keys = [safe.column(rng.choice(JOIN_TYPES)) for _ in range(rng.randint(1, 2))]
    by = ", ".join([rng.choice(["count(*)", "sum(s) DESC", "max(i)"])] + [key.render(None) for key in keys])
    over = rng.choice(["ORDER BY " + by, "PARTITION BY %s ORDER BY %s" % (keys[0].render(None), by)])
    call = rng.choice(["row_number() OVER (%s)" % over, "rank() OVER (%s)" % over, "count(*) OVER ()", "sum(count(*)) OVER ()",
                       "generate_series(1, 2)"])
    return {"keys": keys, "select": [raw(rng.choice(["count(*)", "sum(s)", "max(i)"])), raw(call)], "where": where(rng, safe),
            "limit": [raw(str(rng.randint(1, 12)))]}


# aggregates of the columns of groups, by their types; other types are counted only
OF_GROUPS = {
    "bigint": ["sum(%s)", "avg(%s)", "max(%s)", "min(%s)", "sum(%s) FILTER (WHERE %s > 2)", "percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)",
               "sum(DISTINCT %s)", "avg(CASE WHEN %s > 1 THEN 1 ELSE 0 END)", "sum(%s / 2)"],
    "numeric": ["sum(%s)", "max(%s)", "count(*) FILTER (WHERE %s > 10)"], "eighth": ["sum(%s) + 0", "max(%s) + 0", "count(*) FILTER (WHERE %s > 0)"],
    "float8": ["max(%s) + 0", "min(%s) + 0"], "text": ["max(%s)", "min(%s)", "max(length(%s))", "count(*) FILTER (WHERE %s LIKE 'a%%')"],
    "timestamptz": ["max(%s)", "min(%s)"], "instant": ["min(%s)"], "clock": ["max(%s)"], "date": ["min(%s)"], "day": ["max(%s)"], "bool": ["bool_or(%s)", "every(%s)"],
    "int": ["sum(%s)", "max(%s)", "avg(%s)", "stddev(%s)"], "small": ["sum(%s)", "max(%s)", "variance(%s)"], "smallint": ["avg(%s)", "min(%s)"],
}


def make_outer(rng, grammar, safe):
    within = [safe.key() for _ in range(rng.choice([1, 1, 2, 2, 3]))]
    inner = [safe.aggregate(rng.choice(["bigint", "bigint", "bigint", "numeric", "eighth", None])) for _ in range(rng.choice([0, 1, 1, 2, 2]))]
    columns = [("k%d" % (place + 1), key.typ) for place, key in enumerate(within)] + [("a%d" % (place + 1), call.typ) for place, call in enumerate(inner)]

    def aggregate():
        name, typ = rng.choice(columns)
        return raw(rng.choice(OF_GROUPS.get(typ, []) + ["count(*)", "count(%s)", "count(DISTINCT %s)"]).replace("%s", name).replace("%%", "%"))

    def key():
        name, typ = rng.choice(columns)
        forms = {"text": ["lower(%s)", "%s"], "bigint": ["%s / 2", "%s % 3", "%s"], "timestamptz": ["date_trunc('month', %s)", "%s"],
                 "numeric": ["trim_scale(%s)"]}
        return raw(rng.choice(forms.get(typ, ["%s"])).replace("%s", name) + (" + 0" if typ in ("float8", "eighth") else ""))

    if rng.random() < 0.3:
        return {"within": within, "inner": inner, "select": [raw(rng.choice(columns)[0]) for _ in range(rng.randint(1, 3))],
                "where": where(rng, safe), "having": [safe.having()] if inner and rng.random() < 0.2 else [],
                "above": [raw("%s IS NOT NULL" % rng.choice(columns)[0])] if rng.random() < 0.2 else [],
                "order": [raw(rng.choice(columns)[0] + rng.choice(["", " DESC", " NULLS FIRST", " DESC NULLS LAST"]))],
                "limit": [limit(rng, 12)], "offset": [Value("bigint", str(rng.randint(0, 3)), True)] if rng.random() < 0.3 else []}
    def pair():
        """A key that reads two columns."""
        (name, typ), (other, _) = rng.choice(columns), rng.choice(columns)
        form = rng.choice(["CASE WHEN %s IS NULL THEN %s END", "%s IS NULL OR %s IS NULL"] +
                          {"bigint": ["CASE WHEN %s > 3 THEN %s END"], "text": ["CASE WHEN %s > 'a' THEN %s END"]}.get(typ, []))
        names = [pair[0] for pair in columns if pair[1] in ("bigint", "int", "small")]
        if len(names) > 1 and rng.random() < 0.5:
            return raw("%s %s %s" % (names[0], rng.choice(["+", "-", "<"]), names[1]))
        return raw(form % (name, other)) if dict(columns)[other] not in ("float8", "eighth", "numeric") else key()

    keys = [(pair if rng.random() < 0.25 else key)() for _ in range(rng.choice([0, 0, 1, 1, 2]))]
    slots = {"within": within, "inner": inner, "keys": keys, "select": some(rng, aggregate, 3), "where": where(rng, safe),
             "having": [safe.having()] if inner and rng.random() < 0.2 else [],
             "above": [raw("%s IS NOT NULL" % rng.choice(columns)[0])] if rng.random() < 0.15 else [],
             "over": [raw(rng.choice(["count(*) > 1", "count(k1) > 0", "count(DISTINCT k1) < 9"]))] if rng.random() < 0.2 else [], "order": []}
    if keys:
        slots.update(cut_groups(rng, len(keys) + len(slots["select"])))
    return slots


def make_names(rng, grammar, safe):
    inner = Grammar(rng, ("b.",))
    on = rng.choice(["n.g = b.g", "n.i = b.i", "b.t = n.name", "b.l = n.i", "n.g = b.dx", "b.s IN (n.g, n.i)"])
    return {"select": some(rng, lambda: inner.term("any", 2), 3), "on": [raw(on)], "how": [raw(rng.choice(["", "LEFT"]))],
            "where": [inner.term("bool", 1)] if rng.random() < 0.6 else []}


# tables to join with: of PostgreSQL's own, of constants, of MongoDB's, of groups, of the first few groups
DIMENSIONS = [
    "names", "names", "(SELECT g + 1 AS g, i, upper(name) AS name FROM names)",
    "(VALUES (0, 1, 'a'), (1, 5, 'b'), (1, NULL, ''), (NULL, 42, NULL))", "(SELECT dx, id, t FROM t WHERE id < 25)",
    "(SELECT g, max(i), min(v) FROM t GROUP BY g)", "(SELECT i, count(*)::int, max(t) FROM t GROUP BY i ORDER BY 2 DESC, 1 LIMIT 3)",
    "(SELECT DISTINCT g, s::int, t FROM t WHERE id < 60)",
]


# how a calendar is joined
CALENDARS = ["days", "days", "(SELECT * FROM days WHERE g > 5)", "(SELECT * FROM days WHERE i < 9 OR g IS NULL)", "(SELECT * FROM days WHERE name > '2025')"]
ON_DAYS = [
    "b.ts::date = %s.day", "date_trunc('day', b.ts) = %s.day", "b.w::date = %s.day", "date_trunc('day', b.w) = %s.day::timestamptz", "b.tn::date = %s.day",
    "(b.w AT TIME ZONE 'America/Sao_Paulo')::date = %s.day", "date_trunc('day', b.w AT TIME ZONE 'Pacific/Apia') = %s.day", "date_trunc('month', b.ts) = %s.day",
    "date_trunc('week', b.w)::date = %s.day", "date_trunc('year', b.tn) = %s.day", "b.d8 = %s.day", "b.w::date BETWEEN %s.day AND %s.day + 2",
    "b.w >= %s.day AND b.w < %s.day + 1", "extract(day FROM b.w) = %s.i AND b.w::date = %s.day", "coalesce(b.w, b.ts)::date = %s.day",
]


def make_star(rng, grammar, safe):
    facts = Grammar(rng, ("b.",))
    grammar = Grammar(rng, ("b.",), fallible=grammar.fallible)
    source, names = "%s", []
    for name in ["n", "m"][:rng.choice([1, 1, 1, 2])]:
        names.append(name)
        on = [rng.choice(["%s.g = b.g", "%s.i = b.i", "b.t = %s.name", "%s.g = b.dx", "%s.i = b.l", "b.s = %s.g", "b.v = %s.name",
                          "%s.i = b.id % 50", "%s.g IS NOT DISTINCT FROM b.g"]).replace("%s", name)]
        if rng.random() < 0.2:
            on.append(rng.choice(["%s.i < 40", "b.g > 0", "b.i IS NOT NULL", "lower(b.t) <> %s.name", "b.d8 > '2024-01-01'"]).replace("%s", name))
        calendar = rng.random() < 0.25
        if calendar:
            on[0] = rng.choice(ON_DAYS).replace("%s", name)
        dimension = "%s %s (g, i, name)" % (rng.choice(CALENDARS if calendar else DIMENSIONS), name)
        if rng.random() < 0.3:
            source = "(%s %s JOIN %s ON %s)" % (dimension, rng.choice(["LEFT", "", "FULL" if len(on) == 1 and " = " in on[0] and " AND " not in on[0] else ""]), source, " AND ".join(on))
        else:
            source = "(%s %s JOIN %s ON %s)" % (source, rng.choice(["", "", "LEFT"]), dimension, " AND ".join(on))
    source = source.replace("% 50", "%% 50")
    columns = [raw("%s.%s" % (name, column)) for name in names for column in ("name", "g", "name")]
    keys = rng.sample(columns, rng.randint(0, 2)) + [facts.key() for _ in range(rng.choice([0, 0, 0, 1]))]
    conditions = [facts.term("bool", 1)] if rng.random() < 0.5 else []
    if rng.random() < 0.2:
        conditions.append(raw("%s.name > ''" % names[0]))
    if rng.random() < 0.15:
        conditions.append(raw("b.%s %s (SELECT %s FROM names WHERE i > 0)" % rng.choice([("g", "IN", "g"), ("i", "IN", "i"), ("t", "IN", "name"), ("i", "NOT IN", "i")])))
    slots = {"keys": keys, "from": [raw(source)], "where": conditions, "having": [facts.having()] if rng.random() < 0.2 else [], "order": [],
             "sets": [raw(rng.choice(["ROLLUP (%s)", "CUBE (%s)", "GROUPING SETS ((%s), ())"]))] if rng.random() < 0.15 else []}
    slots["select"] = some(rng, (facts if slots["having"] else grammar).aggregate, 3)
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        slots["select"].append(rng.choice([
            lambda: Term("bigint", "count(DISTINCT {})", [facts.column(rng.choice(JOIN_TYPES))]),
            lambda: Term("bigint", "count(DISTINCT {}) FILTER (WHERE {})", [facts.column(rng.choice(JOIN_TYPES)), facts.term("bool", 3)]),
            lambda: raw("count(*)"), lambda: raw("count(b.id)"), lambda: raw("count(%s)" % rng.choice(columns).template),
            lambda: raw("count(DISTINCT %s)" % rng.choice(columns).template), lambda: raw("max(%s)" % rng.choice(columns).template),
            lambda: raw(rng.choice(["sum(%s.i)", "avg(%s.g)", "sum(%s.i * b.g)", "sum(%s.i + 0.5)", "sum(%s.g / 8.0::float8)", "count(%s.i) FILTER (WHERE b.g > 1)",
                                    "count(*) FILTER (WHERE %s.name > 'a')", "sum(CASE WHEN %s.i > 3 THEN b.s ELSE 1 END)", "avg(b.m) FILTER (WHERE %s.g = 1)",
                                    "sum(length(b.t)) FILTER (WHERE %s.i < 40)", "sum(CASE %s.g WHEN 1 THEN b.i WHEN 0 THEN NULL ELSE b.dx END)"]).replace("%s", rng.choice(names))),
        ])())
    # in no order, as in make_sets()
    if keys and not slots["sets"]:
        slots.update(cut_groups(rng, len(keys) + len(slots["select"])))
        if slots.get("limit"):
            slots["select"] = [facts.aggregate() for _ in slots["select"]]
    return slots


def make_in(rng, grammar, safe):
    typ = rng.choice(JOIN_TYPES)
    inner = Grammar(rng, ("b.",))
    return {"select": some(rng, lambda: Grammar(rng, ("a.",)).term("any", 2), 2), "on": [Grammar(rng, ("a.",)).column(typ)],
            "inner": [inner.column(typ)], "how": [raw(rng.choice(["IN", "IN", "NOT IN"]))], "where": where(rng, inner)}


KINDS = [
    (30, "rows", make_rows), (35, "group", make_group), (5, "distinct", make_distinct), (5, "first", make_first), (7, "sets", make_sets),
    (5, "limited", make_limited), (4, "window", make_window), (3, "top", make_top), (12, "outer", make_outer),
    (6, "join", lambda rng, grammar, safe: joined(rng, "join", ("a.", "b."))),
    (4, "semi", lambda rng, grammar, safe: joined(rng, "semi", ("a.", "b."))),
    (3, "in", make_in),
    (3, "names", make_names), (12, "star", make_star),
]


def query(seed, number):
    rng = random.Random("queries %s %d" % (seed, number))
    zone = rng.choice(ZONES)
    safe = Grammar(rng, utc=zone == "UTC")
    grammar = Grammar(rng, fallible=rng.random() < 0.25, utc=zone == "UTC")
    _, kind, make = rng.choices(KINDS, [row[0] for row in KINDS])[0]
    prepared, slots = rng.random() < 0.25, make(rng, grammar, safe)
    return Query("wrapped" if kind == "outer" and "over" not in slots else kind, zone, prepared, slots)


def main():
    seed, number = sys.argv[1], int(sys.argv[2])
    output = csv.writer(sys.stdout)
    if len(sys.argv) == 3:
        output.writerows(query(seed, place).record(place) for place in range(1, number + 1))
        return
    found = query(seed, number)
    for step in filter(None, sys.argv[3].split(",")):
        found = list(found.smaller())[int(step)]
    output.writerows(less.record(step) for step, less in enumerate(found.smaller()))


if __name__ == "__main__":
    main()
