#!/usr/bin/env python3
"""Random writer's and reader's schemas with a datum each, and what fastavro makes of it.

    resolution_cases.py [count] [seed] > cases      (PyPI: fastavro 1.13.1)

One case a line, as JSON: writer, reader, datum (hex), value: records as lists in the order of the
reader's fields, bytes as base64; or no value, where fastavro refuses. test_resolution reads them:
AVRO_CASES=cases test_processors_core_codec_resolution
"""
import base64
import io
import json
import random
import sys

import fastavro

PROMOTIONS = {
    "int": ["long", "float", "double"],
    "long": ["float", "double"],
    "float": ["double"],
    "string": ["bytes"],
    "bytes": ["string"],
}
SIMPLE = ["null", "boolean", "int", "long", "float", "double", "string", "bytes"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = 0

    def name(self, letter):
        self.names += 1
        return f"{letter}{self.names}"

    def type(self, depth, in_union=False):
        kinds = ["simple"] * 6 + ["enum", "fixed"]
        if depth < 3:
            kinds += ["record", "array", "map"] + ([] if in_union else ["union", "union"])
        kind = self.random.choice(kinds)
        if kind == "simple":
            return self.random.choice(SIMPLE[1:])
        if kind == "enum":
            symbols = [f"S{i}" for i in range(self.random.randint(1, 4))]
            return {"type": "enum", "name": self.name("E"), "symbols": symbols}
        if kind == "fixed":
            return {"type": "fixed", "name": self.name("F"), "size": self.random.randint(1, 4)}
        if kind == "array":
            return {"type": "array", "items": self.type(depth + 1)}
        if kind == "map":
            return {"type": "map", "values": self.type(depth + 1)}
        if kind == "union":
            return self.union(depth)
        return self.record(depth + 1)

    def union(self, depth):
        branches = self.random.sample(SIMPLE, self.random.randint(1, 3))
        if self.random.random() < 0.4:
            more = self.type(depth + 1, in_union=True)
            if isinstance(more, dict):
                branches.append(more)
        return branches

    def record(self, depth):
        fields = [
            {"name": f"f{i}", "type": self.type(depth)} for i in range(self.random.randint(1, 5))
        ]
        return {"type": "record", "name": self.name("R"), "fields": fields}

    # What a later version makes of a type; mostly what may be resolved.

    def changed(self, schema):
        roll = self.random.random()
        if roll < 0.03:
            return self.random.choice(SIMPLE)
        if isinstance(schema, str):
            if roll < 0.35 and schema in PROMOTIONS:
                return self.random.choice(PROMOTIONS[schema])
            if roll < 0.5 and schema != "null":
                return self.random.choice([["null", schema], [schema, "null"]])
            return schema
        if isinstance(schema, list):
            return self.changed_union(schema)
        kind = schema["type"]
        if kind == "record":
            return self.changed_record(schema)
        if kind == "enum":
            return self.changed_enum(schema)
        if kind in ("array", "map"):
            key = "items" if kind == "array" else "values"
            return {"type": kind, key: self.changed(schema[key])}
        return dict(schema)

    def changed_union(self, schema):
        branches = [self.changed(branch) for branch in schema]
        self.random.shuffle(branches)
        flat, seen = [], set()
        for branch in branches:
            for one in branch if isinstance(branch, list) else [branch]:
                key = one if isinstance(one, str) else one.get("name", one["type"])
                # fastavro takes the first that fits, promoted or not; we, as Java, the same type first.
                key = "string" if key == "bytes" else key
                if key not in seen:
                    seen.add(key)
                    flat.append(one)
        return flat

    def changed_enum(self, schema):
        symbols = [s for s in schema["symbols"] if self.random.random() < 0.8] + ["NEW"]
        self.random.shuffle(symbols)
        out = {"type": "enum", "name": schema["name"], "symbols": symbols}
        if self.random.random() < 0.6:
            out["default"] = self.random.choice(symbols)
        return out

    def changed_record(self, schema):
        fields = []
        for field in schema["fields"]:
            if self.random.random() < 0.1:
                continue
            new = {"name": field["name"], "type": self.changed(field["type"])}
            if self.random.random() < 0.15:
                new["aliases"] = [new["name"]]
                new["name"] = "new_" + new["name"]
            fields.append(new)
        for value, kind in self.random.sample(DEFAULTS, self.random.randint(0, 2)):
            fields.append({"name": self.name("d"), "type": kind, "default": value})
        if self.random.random() < 0.02:
            fields.append({"name": "required", "type": "int"})
        self.random.shuffle(fields)
        return {"type": "record", "name": schema["name"], "fields": fields}

    def value(self, schema):
        if isinstance(schema, list):
            return self.value(self.random.choice(schema))
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind == "record":
            return {field["name"]: self.value(field["type"]) for field in schema["fields"]}
        if kind == "enum":
            return self.random.choice(schema["symbols"])
        if kind == "array":
            return [self.value(schema["items"]) for _ in range(self.random.randint(1, 3))]
        if kind == "map":
            return {f"k{i}": self.value(schema["values"]) for i in range(self.random.randint(1, 2))}
        if kind == "fixed":
            return self.random.randbytes(schema["size"])
        return {
            "null": None,
            "boolean": self.random.random() < 0.5,
            "int": self.random.randint(-(2**31), 2**31 - 1),
            "long": self.random.randint(-(2**50), 2**50),
            "float": self.random.randint(-1000, 1000) / 8,
            "double": self.random.random(),
            "string": "text \u05d0"[: self.random.randint(0, 6)],
            "bytes": self.random.choice([b"", b"ascii", "\u05d1".encode()]),
        }[kind]


# No bytes: fastavro leaves their defaults as text.
DEFAULTS = [
    (None, ["null", "string"]),
    (7, "long"),
    (1.5, "double"),
    ("text", "string"),
    ([1, 2], {"type": "array", "items": "int"}),
    ({"a": "b"}, {"type": "map", "values": "string"}),
    ("x", ["string", "null"]),
]


def plain(value, schema):
    """As mr_json_value() writes it: a record is a list in the order of its reader's fields."""
    if isinstance(schema, list):
        # fastavro says no more of a union's branch than its value shows; records have one at most.
        records = [s for s in schema if isinstance(s, dict) and s["type"] == "record"]
        holders = [s for s in schema if isinstance(s, dict) and s["type"] in ("array", "map")]
        if isinstance(value, list):
            return plain(value, next(s for s in holders if s["type"] == "array"))
        if isinstance(value, dict):
            return plain(value, next(iter(records + [s for s in holders if s["type"] == "map"])))
        return plain(value, "any")
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind == "record":
        return [plain(value[f["name"]], f["type"]) for f in schema["fields"]]
    if kind == "array":
        return [plain(item, schema["items"]) for item in value]
    if kind == "map":
        return {key: plain(item, schema["values"]) for key, item in value.items()}
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for i in range(count):
        maker = Maker(seed * 1000003 + i)
        writer = maker.record(0)
        reader = maker.changed_record(writer)
        datum = io.BytesIO()
        fastavro.schemaless_writer(datum, fastavro.parse_schema(json.loads(json.dumps(writer))),
                                   maker.value(writer))
        case = {"writer": writer, "reader": reader, "datum": datum.getvalue().hex()}
        try:
            value = fastavro.schemaless_reader(io.BytesIO(datum.getvalue()),
                                               json.loads(json.dumps(writer)),
                                               json.loads(json.dumps(reader)))
            case["value"] = plain(value, reader)
        except Exception as error:  # fastavro raises what it happens to meet
            case["refused"] = str(error)[:200]
        print(json.dumps(case))


main()
