#!/usr/bin/env python3
"""Every method of detect on labelled telemetry, without a knob that was turned.

    msl.py MILLRACE DIR [METHOD ...]

DIR has CHANNEL.train.csv.gz (i,value) and CHANNEL.test.csv.gz (i,value,label); a row is a minute. A
detector is given the training part and goes on into the test part, which is what is scored. All
channels together, one table. The measures:

  events     labelled stretches with an alarm in them, of all; and false: alarms outside, per 10,000 rows
  event F1   of the two: recall = stretches found, precision = alarms inside / all alarms
  plain F1   row by row: rows whose score is 0.5 or more against rows that are labelled
  adjusted   the same where a stretch with one such row counts as wholly found. It flatters: a random
             score does well (Kim et al. 2022); told because others tell it
  VUS-PR     volume under the range-based precision-recall surface (Paparrizos et al. 2022), from the
             scores alone, mean over channels: no threshold, labels blurred by 0 to 100 rows. Its floor is
             the share of labelled rows, which is told beside it
"""
import csv
import gzip
import io
import math
import pathlib
import subprocess
import sys

BUFFERS = range(0, 101, 10)


def read(path):
    with gzip.open(path, "rt") as file:
        return [(float(row["value"]), row.get("label") == "1") for row in csv.DictReader(file)]


def stretches(labels):
    """[first, last] of each run of labelled rows."""
    runs, first = [], None
    for i, label in enumerate([*labels, False]):
        if label and first is None:
            first = i
        elif not label and first is not None:
            runs.append((first, i - 1))
            first = None
    return runs


class Channel:
    def __init__(self, path):
        self.name = path.name.removesuffix(".test.csv.gz")
        train = read(path.with_name(self.name + ".train.csv.gz"))
        test = read(path)
        self.skipped = len(train)
        self.labels = [label for _, label in test]
        self.runs = stretches(self.labels)
        rows = [f"{i * 60},{value!r}\n" for i, (value, _) in enumerate(train + test)]
        self.text = "time,value\n" + "".join(rows)

    def judge(self, millrace, words):
        out = subprocess.run([millrace, "detect", "-", "--csv", *words], input=self.text, text=True,
                             capture_output=True, check=True).stdout
        rows = list(csv.DictReader(io.StringIO(out)))[self.skipped:]
        assert len(rows) == len(self.labels), self.name
        is_told = [row["reason"] not in ("warming_up", "no_value", "not_finite") for row in rows]
        scores = [float(row["score"]) if told else 0.0 for row, told in zip(rows, is_told)]
        return scores, [row["is_anomaly"] == "1" for row in rows]


def f1(tp, fp, fn):
    return 2 * tp / (2 * tp + fp + fn) if tp else 0.0


def blurred(labels, runs, buffer):
    soft = [float(label) for label in labels]
    for first, last in runs:
        for distance in range(1, buffer // 2 + 1):
            more = math.sqrt(1 - distance / buffer)
            for i in (first - distance, last + distance):
                if 0 <= i < len(soft):
                    soft[i] = min(1.0, soft[i] + more)
    return soft


def range_pr(channel, scores, order, buffer):
    """Area under precision by recall: labels blurred, recall scaled by the share of stretches that are met at all."""
    soft = blurred(channel.labels, channel.runs, buffer)
    runs = stretches([label > 0 for label in soft])
    best = sorted((max(scores[first: last + 1]) for first, last in runs), reverse=True)
    positives = (sum(channel.labels) + sum(soft)) / 2
    area = recall_before = tp = met = 0.0
    for count, i in enumerate(order, 1):
        tp += soft[i]
        if count < len(order) and scores[order[count]] == scores[i]:
            continue  # the same threshold
        while met < len(best) and best[int(met)] >= scores[i]:
            met += 1
        recall = min(1.0, tp / positives) * met / len(runs)
        area += max(0.0, recall - recall_before) * tp / count
        recall_before = max(recall, recall_before)
    return area


def vus_pr(channel, scores):
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    return sum(range_pr(channel, scores, order, buffer) for buffer in BUFFERS) / len(BUFFERS)


class Sums:
    def __init__(self):
        self.found = self.runs = self.inside = self.outside = self.rows = 0
        self.plain = [0, 0, 0]  # tp, fp, fn
        self.adjusted = [0, 0, 0]
        self.vus = []

    def add(self, channel, scores, alarms):
        labels = channel.labels
        self.rows += len(labels)
        self.runs += len(channel.runs)
        self.found += sum(any(alarms[first: last + 1]) for first, last in channel.runs)
        self.inside += sum(a and b for a, b in zip(alarms, labels))
        self.outside += sum(a and not b for a, b in zip(alarms, labels))
        marks = [score >= 0.5 for score in scores]
        self.count(self.plain, marks, labels)
        for first, last in channel.runs:
            if any(marks[first: last + 1]):
                marks[first: last + 1] = [True] * (last + 1 - first)
        self.count(self.adjusted, marks, labels)
        self.vus.append(vus_pr(channel, scores))

    @staticmethod
    def count(sums, marks, labels):
        for mark, label in zip(marks, labels):
            sums[0] += mark and label
            sums[1] += mark and not label
            sums[2] += label and not mark

    def event_f1(self):
        recall = self.found / self.runs
        alarms = self.inside + self.outside
        precision = self.inside / alarms if alarms else 0.0
        return 2 * recall * precision / (recall + precision) if recall * precision else 0.0

    def figures(self):
        return (self.event_f1(), f1(*self.plain), f1(*self.adjusted), sum(self.vus) / len(self.vus))


def methods_of(millrace):
    said = subprocess.run([millrace, "detect", "-", "--method", "?"], input="", text=True, capture_output=True).stderr
    return said.split("is none of ")[1].split("\n")[0].split(" (")[0].split(", ")


def main(millrace, folder, *wanted):
    paths = sorted(pathlib.Path(folder).glob("*.test.csv.gz"))
    if not paths:
        sys.exit(f"{folder}: no channels")
    channels = [Channel(path) for path in paths]
    runs, rows = sum(len(c.runs) for c in channels), sum(len(c.labels) for c in channels)
    labelled = sum(sum(c.labels) / len(c.labels) for c in channels) / len(channels)
    print(f"{len(channels)} channels, {rows} rows, {runs} stretches; floor of VUS-PR {labelled:.3f}\n")
    print("| method | events found | false per 10,000 | event F1 | plain F1 | adjusted F1 | VUS-PR |")
    print("|---|---|---|---|---|---|---|")
    figures = {}
    for method in wanted or methods_of(millrace):
        words = ["--method", method] + (["within=10m"] if method == "duplicate" else [])
        sums = Sums()
        for channel in channels:
            sums.add(channel, *channel.judge(millrace, words))
        figures[method] = sums.figures()
        events, plain, adjusted, vus = sums.figures()
        print(f"| `{method}` | {sums.found} of {runs} | {1e4 * sums.outside / rows:.1f} | {events:.3f} | "
              f"{plain:.3f} | {adjusted:.3f} | {vus:.3f} |", flush=True)
    first = next(iter(figures))
    words = " ".join(f"{name}={figure:.3f}" for name, figure in
                     zip(("event_f1", "plain_f1", "adjusted_f1", "vus_pr"), figures[first]))
    print(f"msl channels={len(channels)} rows={rows} events={runs} methods={len(figures)} {first}: {words}".replace(
        f" {first}: ", f" method={first} "))


main(*sys.argv[1:])
