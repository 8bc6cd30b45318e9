"""What run.sh measures: runs programs, asks the kernel what they cost, prints tables.

Each figure is the median of the runs and, in brackets, the least and the most. Ours and the yardstick
take turns, so that what else the machine does meets both. Every run on Kafka is a pipeline of another
name, so that its topics, groups and transactional ids are new.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
CHAIN_STAGES = ["validate", "detect", "score", "bounded", "complete"]
SHAPES = ["segment", "separate"]
BAR = 1.5  # ours may cost so much of librdkafka alone
KEYS = 10007
# Records grow by their stamps from 96 to 224 bytes. The yardstick copies 95 throughout; a second one
# copies the mean of what our five stages read and write, which tells bytes from work.
STAMPED_SIZE = 167


def run(command, log, **settings):
    """Runs to the end. Answers CPU seconds (user and system), peak RSS in MiB, seconds of wall time
    from its start to its end, and stdout as text."""
    started = time.monotonic()
    environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
    with open(log, "w+", encoding="utf-8") as stderr:
        process = subprocess.Popen([str(word) for word in command], env=environment, cwd=ROOT,
                                   stdout=subprocess.PIPE, stderr=stderr, text=True)
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        if process.returncode != 0:
            stderr.seek(0)
            sys.exit(f"{command[0]} ended with {process.returncode}:\n{stderr.read()[-2000:]}")
    return {"cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss / 1024, "text": text,
            "seconds": time.monotonic() - started}


def spread(values, form):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def table(head, rows):
    rows = [head, ["---"] * len(head), *rows]
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


class Files:
    """Feeds to advisories by the shipped pipeline: all stages, ingest included, one process."""

    def __init__(self, work, rows):
        self.work, self.feeds = work, work / "feeds"
        run([BUILD / "millrace-feeds", "--out", self.feeds, "--rows", rows], work / "feeds.log")

    def pipeline(self, name):
        """The shipped pipeline under another name, where its relative paths lead to the same."""
        folder = self.work / "deploy" / "pipelines"
        if not folder.exists():
            folder.mkdir(parents=True)
            (self.work / "schemas").symlink_to(ROOT / "schemas")
            (folder / "grocery").symlink_to(ROOT / "deploy" / "pipelines" / "grocery")
        text = (ROOT / "deploy" / "pipelines" / "grocery.yaml").read_text(encoding="utf-8")
        renamed = text.replace("\npipeline: grocery\n", f"\npipeline: {name}\n")
        if renamed == text:
            sys.exit("grocery.yaml: there is no line \"pipeline: grocery\"")
        path = folder / f"{name}.yaml"
        path.write_text(renamed, encoding="utf-8")
        return path

    def once(self, broker, number):
        name = f"{broker}-{number}"
        summary, out = self.work / f"{name}.json", self.work / name
        out.mkdir()
        command = [BUILD / "millrace", "run", self.pipeline(name), "--once", "--summary", summary]
        settings = {"FEEDS": self.feeds, "OUT": out, "PG_URL": ""}
        cost = run(command + (["--embedded"] if broker == "embedded" else []),
                   self.work / f"{name}.log", **settings)
        told = json.loads(summary.read_text(encoding="utf-8"))
        rows, advisories = told["stages"]["ingest"]["in"], told["stages"]["advise"]["emitted"]
        if rows == 0 or advisories == 0 or told["stages"]["files"]["in"] != advisories:
            sys.exit(f"{name}: {rows} rows, {advisories} advisories: see {summary}")
        return {"rows": rows, "advisories": advisories,
                "rate": rows * 1000 / told["milliseconds"], "cpu": cost["cpu"] * 1e6 / rows,
                "rss": cost["rss"], "first": told["first_record_ms"] / 1000,
                "seconds": cost["seconds"]}

    def measure(self, runs):
        brokers = ["embedded", "kafka"]
        got = {broker: [] for broker in brokers}
        for number in range(runs):
            for broker in brokers:
                got[broker].append(self.once(broker, number))
        print(f"files to advisories: {got['kafka'][0]['rows']} rows, "
              f"{got['kafka'][0]['advisories']} advisories, {runs} runs\n")
        table(["broker", "rows/s", "CPU seconds per million rows", "peak RSS, MiB",
               "start to first record, s", "start to end, s"],
              [[broker] + [spread([one[name] for one in got[broker]], form) for name, form in
                           (("rate", ".0f"), ("cpu", ".2f"), ("rss", ".0f"), ("first", ".2f"),
                            ("seconds", ".1f"))]
               for broker in brokers])
        return {f"files_{broker}_{name}": f"{statistics.median([one[name] for one in ones]):.2f}"
                for broker, ones in got.items() for name in ("rate", "cpu", "rss", "first", "seconds")}


class Chain:
    """chain.yaml beside bench_raw_chain: what five stages add to what their hops cost."""

    def __init__(self, work, records):
        self.work, self.records, self.rows = work, records, work / "rows.csv"
        with open(self.rows, "w", encoding="utf-8") as rows:
            rows.write("store,item,price,amount,time\n")
            for i in range(records):
                key = i * 7919 % KEYS
                rows.write(f"{key % 331:03},{key:05},{1 + key % 97 + i % 13 / 10:.2f},{1 + i % 9},"
                           f"2026-03-01T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}Z\n")

    def raw(self, shape, size):
        got = run([BUILD / "benchmarks" / "bench_raw_chain", "--brokers", os.environ["KAFKA"],
                   "--records", self.records, "--size", size,
                   "--shape", shape], self.work / "raw.log")
        told = dict(word.split("=") for word in got["text"].split()[1:])
        return {"cpu": float(told["cpu_us_per_record"]), "rss": float(told["peak_rss_mib"])}

    def ours(self, shape, number):
        name = f"{shape}-{number}"
        summary = self.work / f"{name}.json"
        settings = {"CHAIN": name, "ROWS": self.rows}
        start = [BUILD / "millrace", "run", ROOT / "benchmarks" / "chain.yaml", "--once"]
        run(start + ["--stage", "ingest"], self.work / f"{name}-ingest.log", **settings)
        for stage in CHAIN_STAGES:
            start += ["--stage", stage]
        cost = run(start + ["--summary", summary] + (["--separate"] if shape == "separate" else []),
                   self.work / f"{name}.log", **settings)
        told = json.loads(summary.read_text(encoding="utf-8"))
        for stage in CHAIN_STAGES:
            if told["stages"][stage]["passed"] != self.records:
                sys.exit(f"{name}: {stage} passed {told['stages'][stage]['passed']} records")
        return {"cpu": cost["cpu"] * 1e6 / self.records, "rss": cost["rss"],
                "first": told["first_record_ms"] / 1000}

    def measure(self, runs):
        got = {(who, shape): [] for shape in SHAPES for who in ("raw", "bytes", "ours")}
        for number in range(runs):
            for shape in SHAPES:
                got["raw", shape].append(self.raw(shape, 95))
                got["bytes", shape].append(self.raw(shape, STAMPED_SIZE))
                got["ours", shape].append(self.ours(shape, number))
        rows, figures = [], {}
        for shape in SHAPES:
            raw, same, ours = (got[who, shape] for who in ("raw", "bytes", "ours"))
            ratios, by_byte = ([mine["cpu"] / other["cpu"] for mine, other in zip(ours, others)]
                               for others in (raw, same))
            rows.append([shape]
                        + [spread([one["cpu"] for one in ones], ".2f") for ones in (raw, same, ours)]
                        + [spread(values, ".2f") for values in (ratios, by_byte)]
                        + [spread([one["rss"] for one in ones], ".0f") for ones in (raw, ours)]
                        + [spread([one["first"] for one in ours], ".2f")])
            figures[f"chain_{shape}_raw_us"] = f"{statistics.median(o['cpu'] for o in raw):.2f}"
            figures[f"chain_{shape}_us"] = f"{statistics.median(o['cpu'] for o in ours):.2f}"
            figures[f"chain_{shape}_ratio"] = f"{statistics.median(ratios):.2f}"
            figures[f"chain_{shape}_ratio_bytes"] = f"{statistics.median(by_byte):.2f}"
        print(f"five stages, {self.records} records, exactly once, {runs} runs; "
              f"the ratio is of each run's pair and may be {BAR}\n")
        table(["shape", "librdkafka alone, CPU us/record", f"the same, {STAMPED_SIZE} bytes",
               "ours, CPU us/record", "ratio", f"ratio, {STAMPED_SIZE} bytes",
               "its peak RSS, MiB", "our peak RSS, MiB", "our start to first record, s"], rows)
        return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["files", "chain"])
    options = parser.parse_args()
    count, runs = (200000, 1) if options.quick else (1000000, 3)
    figures = {}
    for name, benchmark in (("files", Files), ("chain", Chain)):
        if options.only in (None, name):
            figures.update(benchmark(options.work, count).measure(runs))
    print("benchmarks " + " ".join(f"{name}={value}" for name, value in figures.items()))


main()
