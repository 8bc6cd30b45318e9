#!/usr/bin/env python3
"""Random writer's and reader's schemas with a datum each, and what two implementations make of it.

    resolution_cases.py [count] [seed] > cases      (PyPI: fastavro, avro)

One case a line, as JSON: writer, reader, datum (hex), and answers: of each implementation a value,
in the form that our own plain JSON has (bytes as base64, logical types as their text), or no value,
where it refuses. test_resolution reads them: AVRO_CASES=cases test_processors_core_codec_resolution
"""
import base64
import datetime
import decimal
import io
import json
import logging
import random
import struct
import sys
import uuid
import warnings

import avro.io
import avro.schema
import fastavro

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

PROMOTIONS = {
    "int": ["long", "float", "double"],
    "long": ["float", "double"],
    "float": ["double"],
    "string": ["bytes"],
    "bytes": ["string"],
}
SIMPLE = ["null", "boolean", "int", "long", "float", "double", "string", "bytes"]
NUMBERS = {"int", "long", "float", "double"}
BYTES = {"bytes", "fixed", "string"}
LOGICAL = [
    {"type": "int", "logicalType": "date"},
    {"type": "int", "logicalType": "time-millis"},
    {"type": "long", "logicalType": "time-micros"},
    {"type": "long", "logicalType": "timestamp-millis"},
    {"type": "long", "logicalType": "timestamp-micros"},
    {"type": "long", "logicalType": "timestamp-nanos"},
    {"type": "long", "logicalType": "local-timestamp-millis"},
    {"type": "long", "logicalType": "local-timestamp-micros"},
    {"type": "long", "logicalType": "local-timestamp-nanos"},
    {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 3},
    {"type": "string", "logicalType": "uuid"},
    {"type": "fixed", "size": 7, "logicalType": "decimal", "precision": 15, "scale": 4},
    {"type": "fixed", "size": 16, "logicalType": "uuid"},
    {"type": "fixed", "size": 12, "logicalType": "duration"},
]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = 0

    def name(self, letter):
        self.names += 1
        return f"{letter}{self.names}"

    def type(self, depth, in_union=False):
        kinds = ["simple"] * 6 + ["enum", "fixed"] + ["logical"] * 3
        if depth < 3:
            kinds += ["record", "array", "map"] + ([] if in_union else ["union", "union"])
        kind = self.random.choice(kinds)
        if kind == "simple":
            return self.random.choice(SIMPLE[1:])
        if kind == "logical":
            chosen = dict(self.random.choice(LOGICAL))
            return {**chosen, "name": self.name("L")} if chosen["type"] == "fixed" else chosen
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
            # Of several branches that a number fits, fastavro takes the first when it is logical;
            # and a value of bytes does not show which of two branches it was.
            kind = more["type"] if isinstance(more, dict) else None
            rivals = NUMBERS if kind in NUMBERS else BYTES if kind in BYTES else {kind}
            if kind and not rivals.intersection(branches):
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
        """As the datum's bytes: logical types by the type that they lie in."""
        if isinstance(schema, list):
            index = self.random.randrange(len(schema))
            return long_bytes(index) + self.value(schema[index])
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind == "record":
            return b"".join(self.value(field["type"]) for field in schema["fields"])
        if kind == "enum":
            return long_bytes(self.random.randrange(len(schema["symbols"])))
        if kind == "array":
            count = self.random.randint(1, 3)
            return (long_bytes(count) + b"".join(self.value(schema["items"]) for _ in range(count))
                    + b"\0")
        if kind == "map":
            count = self.random.randint(1, 2)
            return long_bytes(count) + b"".join(
                sized(f"k{i}".encode()) + self.value(schema["values"]) for i in range(count)) + b"\0"
        return self.scalar(kind, schema if isinstance(schema, dict) else {})

    def scalar(self, kind, schema):
        logical = schema.get("logicalType")
        if logical in ("date", "time-millis", "time-micros"):
            days = {"date": 2900000, "time-millis": 86399999, "time-micros": 86399999999}
            low = -700000 if logical == "date" else 0
            return long_bytes(self.random.randint(low, days[logical]))
        if logical and "timestamp" in logical:
            per_second = {"millis": 10**3, "micros": 10**6, "nanos": 10**9}[logical.rsplit("-", 1)[1]]
            bound = 9 * 10**9 if per_second < 10**9 else 4 * 10**9
            seconds = self.random.randint(-bound, bound)
            return long_bytes(seconds * per_second + self.random.choice([0, 1, per_second - 1]))
        if logical == "decimal":
            bound = 10 ** schema["precision"] - 1
            number = self.random.choice([0, -1, self.random.randint(-bound, bound)])
            size = schema.get("size", 6)
            body = number.to_bytes(size, "big", signed=True)
            return body if kind == "fixed" else sized(body)
        if logical == "uuid":
            made = uuid.UUID(int=self.random.getrandbits(128))
            return made.bytes if kind == "fixed" else sized(str(made).encode())
        if kind == "fixed":
            return self.random.randbytes(schema["size"])
        return {
            "null": lambda: b"",
            "boolean": lambda: bytes([self.random.randint(0, 1)]),
            "int": lambda: long_bytes(self.random.randint(-(2**31), 2**31 - 1)),
            "long": lambda: long_bytes(self.random.randint(-(2**50), 2**50)),
            "float": lambda: struct.pack("<f", self.random.randint(-1000, 1000) / 8),
            "double": lambda: struct.pack("<d", self.random.random()),
            "string": lambda: sized("text \u05d0"[: self.random.randint(0, 6)].encode()),
            "bytes": lambda: sized(self.random.choice([b"", b"ascii", "\u05d1".encode()])),
        }[kind]()


def long_bytes(number):
    bits = (number << 1) ^ (number >> 63)
    out = bytearray()
    while bits >= 0x80:
        out.append(bits & 0x7F | 0x80)
        bits >>= 7
    return bytes(out + bytes([bits]))


def sized(body):
    return long_bytes(len(body)) + body


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


class Unsaid(Exception):
    """The value has the writer's logical type where the reader has none: it says nothing of ours."""


def fraction(units, per_second):
    text = f"{units:0{len(str(per_second)) - 1}d}".rstrip("0")
    return "." + text if text else ""


def timestamp_text(count, per_second, end):
    seconds, rest = divmod(count, per_second)
    moment = EPOCH + datetime.timedelta(seconds=seconds)
    return moment.strftime(f"{moment.year:04d}-%m-%dT%H:%M:%S") + fraction(rest, per_second) + end


def time_text(value):
    return value.strftime("%H:%M:%S") + fraction(value.microsecond, 10**6)


def duration_text(body):
    """Months, days and milliseconds, as ISO 8601 has them."""
    months, days, millis = struct.unpack("<III", body)
    return f"P{months}M{days}DT{millis // 1000}.{millis % 1000:03d}S"


def moment_text(value, logical):
    """Some implementations leave the number as it lies there."""
    per_second = {"millis": 10**3, "micros": 10**6, "nanos": 10**9}[logical.rsplit("-", 1)[1]]
    end = "" if logical.startswith("local") else "Z"
    if isinstance(value, int):
        return timestamp_text(value, per_second, end)
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    return timestamp_text((value - EPOCH) // datetime.timedelta(microseconds=1), 10**6, end)


def logical_text(value, schema):
    logical = schema["logicalType"]
    if "timestamp" in logical:
        return moment_text(value, logical)
    if logical == "date":
        return value.isoformat() if isinstance(value, datetime.date) else timestamp_text(
            value * 86400, 1, "")[:10]
    if logical.startswith("time-"):
        return time_text(value)
    if logical == "decimal":
        return f"{value:.{schema['scale']}f}"
    if logical == "uuid":
        return str(uuid.UUID(bytes=value)) if isinstance(value, bytes) else str(value)
    return duration_text(value)


def branch_of(value, branches):
    """The branch that a value shows; the schemas are made so that there is one at most."""
    kinds = {
        dict: ("record", "map"), list: ("array",), bytes: ("bytes", "fixed"),
        str: ("string", "enum"), int: ("int", "long"), float: ("float", "double"),
        datetime.datetime: ("long",), datetime.date: ("int",), datetime.time: ("int", "long"),
        decimal.Decimal: ("bytes", "fixed"), uuid.UUID: ("string", "fixed"),
    }.get(type(value), ())
    for branch in branches:
        if (branch if isinstance(branch, str) else branch["type"]) in kinds:
            return branch
    return "any"


def plain(value, schema):
    """As mr_json_put_typed() writes it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(schema, list):
        return plain(value, branch_of(value, schema))
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind == "record":
        return {f["name"]: plain(value[f["name"]], f["type"]) for f in schema["fields"]}
    if kind == "array":
        return [plain(item, schema["items"]) for item in value]
    if kind == "map":
        return {key: plain(item, schema["values"]) for key, item in value.items()}
    if isinstance(schema, dict) and "logicalType" in schema:
        return logical_text(value, schema)
    if isinstance(value, (datetime.date, datetime.time, decimal.Decimal, uuid.UUID)):
        raise Unsaid
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def copied(schema):
    return json.loads(json.dumps(schema))


def by_fastavro(writer, reader, datum):
    stream = io.BytesIO(datum)
    value = fastavro.schemaless_reader(stream, copied(writer), copied(reader))
    if stream.read(1):
        raise ValueError("bytes are left")
    return value


def by_apache(writer, reader, datum):
    stream = io.BytesIO(datum)
    names = [avro.schema.parse(json.dumps(schema)) for schema in (writer, reader)]
    return avro.io.DatumReader(*names).read(avro.io.BinaryDecoder(stream))


def answer(name, read, writer, reader, datum):
    try:
        return {"by": name, "value": plain(read(writer, reader, datum), reader)}
    except Unsaid:
        raise
    except Exception as error:  # they raise what they happen to meet
        return {"by": name, "refused": str(error)[:120]}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    made = seen = 0
    while made < count:
        maker = Maker(seed * 1000003 + seen)
        seen += 1
        writer = maker.record(0)
        reader = maker.changed_record(writer)
        datum = maker.value(writer)
        try:
            answers = [answer("fastavro", by_fastavro, writer, reader, datum),
                       answer("apache", by_apache, writer, reader, datum)]
        except Unsaid:
            continue
        print(json.dumps({"writer": writer, "reader": reader, "datum": datum.hex(),
                          "answers": answers}))
        made += 1


main()
