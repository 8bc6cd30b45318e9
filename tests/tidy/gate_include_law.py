#!/usr/bin/env python3
"""Includes point one way: from a unit to the units named after it, never back.

    gate_include_law.py [--canary] ROOT BUILD

The two tables are the architecture (cmake's links say the same to the linker). To allow a new
arrow, change a table in a commit that says why."""
import pathlib
import re
import sys
import tempfile

BASE = "processors/core/base"
MIDDLE = [f"processors/core/{unit}" for unit in ("config", "cel", "codec", "contract", "http")]
REGISTRY = "processors/core/registry"
STAGE = "processors/core/stage"
DATA = "schemas"  # headers generated from schemas/*.avsc
PLUGIN = [BASE, *MIDDLE, STAGE, DATA]  # a connector, processor or sink never sees Kafka
EVERYTHING = ["connectors", "processors", "sinks", DATA]

LAW = {  # unit: what it may include besides itself; "*" stands for one folder
    BASE: [],
    **{unit: [BASE] for unit in MIDDLE},
    REGISTRY: [BASE, *[unit for unit in MIDDLE if not unit.endswith("/cel")]],
    STAGE: [BASE, *MIDDLE, REGISTRY, DATA],
    "processors/core/kafka": [BASE, *MIDDLE, STAGE, DATA],
    "connectors/*": PLUGIN,
    "processors/*": PLUGIN,
    "sinks/*": PLUGIN,
    "cli": EVERYTHING,
    "deploy/*": [BASE],
    "tests": [*EVERYTHING, "cli"],
    "benchmarks": [*EVERYTHING, "tests"],
}
FREE = ("tests/", "benchmarks/")  # may use any library: as an oracle, or to compare with

DOOR = {  # a library's headers: the only places that may include them
    "librdkafka/": ["processors/core/kafka/"],
    "avro.h": ["processors/core/codec/"],
    "avro/": ["processors/core/codec/"],
    "curl/": ["processors/core/http/"],
    "microhttpd.h": ["processors/core/http/"],
    "libpq-fe.h": ["sinks/postgres/"],
    "libpq/": ["sinks/postgres/"],
    "libxml/": ["connectors/files/"],
    "archive.h": ["connectors/files/", "deploy/feeds/"],
    "archive_entry.h": ["connectors/files/", "deploy/feeds/"],
    "yaml.h": ["processors/core/config/"],
    "pcre2.h": ["processors/core/cel/"],
    "openssl/": ["processors/core/base/digest."],
    "xgboost/": [],
}

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)')


def unit_of(path):
    """The unit that a path lies in, as it is spelt in the tree, and its row of the law."""
    parts = path.split("/")
    for row in sorted(LAW, key=lambda name: ("*" in name, -len(name))):
        pattern = row.split("/")
        if len(parts) > len(pattern) and all(p in ("*", q) for p, q in zip(pattern, parts)):
            return "/".join(parts[: len(pattern)]), row
    return None, None


def is_below(path, units):
    return any(path.startswith(unit + "/") for unit in units)


def door_fault(here, target):
    for header, doors in DOOR.items():
        named = target.startswith(header) if header.endswith("/") else target == header
        if named and not here.startswith((*FREE, *doors)):
            return f"<{target}> belongs behind {' or '.join(doors) or 'the tests'}"
    return None


def arrow_fault(here, target):
    unit, row = unit_of(here)
    if is_below(target, [unit, *LAW[row]]):
        return None
    return f'"{target}" is not below {unit}'


def faults(root):
    files = [f for top in sorted({row.split("/")[0] for row in LAW}) for f in (root / top).rglob("*.[ch]")]
    for file in sorted(files):
        here = file.relative_to(root).as_posix()
        if unit_of(here)[0] is None:
            yield f"{here}:1: lies in no unit of the law"
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found:
                kind, target = found.groups()
                fault = door_fault(here, target) or (arrow_fault(here, target) if kind == '"' else None)
                if fault:
                    yield f"{here}:{number}: {fault}"


GOOD = [
    ("processors/core/stage/a.c", '#include "processors/core/codec/b.h"'),
    ("processors/core/base/digest.c", "#include <openssl/evp.h>"),
    ("connectors/files/a.c", '#include "connectors/files/b.h"\n#include <libxml/parser.h>'),
    ("processors/core/stage/a.c", '#include "schemas/stamps/origin.h"'),
    ("processors/core/stage/a.c", '#include "processors/core/registry/b.h"'),
    ("cli/a.c", '#include "sinks/postgres/b.h"'),
    ("tests/processors/test_a.c", '#include "tests/support/bench.h"\n#include <xgboost/c_api.h>'),
    ("deploy/feeds/a.c", '#include "processors/core/base/span.h"\n#include <archive.h>'),
]
BAD = [
    ("processors/core/base/a.c", '#include "processors/core/stage/b.h"'),
    ("processors/core/base/a.c", '#include "schemas/stamps/origin.h"'),
    ("processors/core/cel/a.c", '#include "processors/core/codec/b.h"'),
    ("processors/core/stage/a.c", '#include "processors/core/kafka/b.h"'),
    ("processors/core/codec/a.c", '#include "processors/core/registry/b.h"'),
    ("processors/core/registry/a.c", '#include "processors/core/stage/b.h"'),
    ("processors/detect/a.c", '#include "processors/validate/b.h"'),
    ("processors/detect/a.c", '#include "processors/core/kafka/b.h"'),
    ("connectors/files/a.c", '#include "connectors/http/b.h"'),
    ("sinks/postgres/a.c", '#include "connectors/files/b.h"'),
    ("processors/core/kafka/a.c", '#include "cli/b.h"'),
    ("processors/score/a.c", '#include "tests/support/bench.h"'),
    ("processors/score/a.c", '#include "b.h"'),
    ("processors/score/a.c", "#include <xgboost/c_api.h>"),
    ("processors/core/stage/a.c", "#include <librdkafka/rdkafka.h>"),
    ("cli/a.c", " # include <libpq-fe.h>"),
    ("processors/core/base/log.c", "#include <openssl/evp.h>"),
    ("deploy/feeds/a.c", '#include "processors/core/codec/b.h"'),
]


def found_in(path, text):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, path)
        file.parent.mkdir(parents=True)
        file.write_text(text + "\n")
        return list(faults(pathlib.Path(folder)))


def canary():
    missed = [f"accepted: {path}: {text}" for path, text in BAD if not found_in(path, text)]
    return missed + [f"refused: {path}: {text}" for path, text in GOOD if found_in(path, text)]


def main(arguments):
    if arguments[0] == "--canary":
        found, good_news = canary(), f"{len(BAD)} forbidden includes refused, {len(GOOD)} lawful ones accepted"
    else:
        found, good_news = list(faults(pathlib.Path(arguments[0]))), "includes point one way"
    print("\n".join(found) or good_news)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
