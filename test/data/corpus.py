#!/usr/bin/env python3
"""Prints the queries of corpus.sql: corpus.py

One a line: the time zone, whether the order of rows counts, and the query,
with tabs between them.
"""

import os
import re

PATH = os.path.join(os.path.dirname(__file__), "corpus.sql")


def sections():
    """The zones, the order and the text of each section."""
    for section in re.split(r"^-- ====.*\n", open(PATH, encoding="utf-8").read(), flags=re.M)[1:]:
        settings = dict(re.findall(r"^-- (\w+): (.*)$", section, flags=re.M))
        text = re.sub(r"^--.*\n", "", section, flags=re.M)
        yield settings.get("timezone", "Europe/Berlin").split(", "), settings.get("ordered") == "yes", text


def queries():
    """The zone, the order and the text of each query."""
    for zones, ordered, text in sections():
        for query in text.split(";\n")[:-1]:
            for zone in zones:
                yield zone, ordered, " ".join(query.split())


def main():
    for zone, ordered, query in queries():
        print(zone, "yes" if ordered else "no", query, sep="\t")


if __name__ == "__main__":
    main()
