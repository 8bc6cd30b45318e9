#!/usr/bin/env python3
"""Makes price-risk.ubj again: the model of the grocery pipeline's `score`.

    train.py [--build DIR] [--pipeline FILE] [--model FILE] [--card FILE] [--rows N]

Runs the pipeline itself, up to detect, over feeds that millrace-feeds makes from seeds, joins what
it wrote with the truth of what was planted, and trains on the features that the pipeline's own
`score.features` names: there is no second list of them here. Then it runs feeds of another seed
and writes what the model is worth there into the card.

Needs python3 with numpy, PyYAML and xgboost (Debian: python3-numpy python3-yaml; xgboost 1.7 from PyPI or
python3-xgboost), and the two programs in the build folder. Fixed seeds and one thread: the same
build of xgboost gives the same bytes."""
import argparse
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy
import xgboost
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]

TRAIN_SEEDS, TEST_SEED = (101, 102, 103), 901
FAULTS = 0.001  # of rows, for each kind: as in the demo, since what is rare must look rare
ROUNDS = 60
PARAMETERS = {"objective": "binary:logistic", "eval_metric": "logloss", "max_depth": 4, "eta": 0.15,
              "min_child_weight": 1.0, "lambda": 1.0, "tree_method": "exact", "nthread": 1, "seed": 7}
THRESHOLD = 0.5  # the pipeline's rules compare with it


# --- features: the pipeline's expressions, as far as they are fields --------------------------

def reader_of(name, expression):
    """A function of a record. Only paths, and comparisons of a path with true or false: whatever
    is more than that would have to be CEL to be the same as in the pipeline."""
    found = re.fullmatch(r"\s*([a-z_]\w*(?:\.[a-z_]\w*)+)\s*(?:==\s*(true|false))?\s*", str(expression))
    if not found:
        sys.exit(f"train.py: score.features.{name}: {expression}: is neither a field nor a field == true")
    path, wanted = found.group(1).split("."), found.group(2)

    def read(record):
        for part in path:
            record = record[part]
        if wanted is not None:
            return float(record is (wanted == "true"))
        return numpy.nan if record is None else float(record)

    return read


def stage_of(pipeline, name):
    return next(stage[name] for stage in pipeline["stages"] if name in stage)


# --- data: the pipeline's own view of made-up feeds -------------------------------------------

def up_to_detect(pipeline, folder):
    """The pipeline's file cut behind detect, with its paths where they were."""
    names = [next(iter(stage)) for stage in pipeline["stages"]]
    stages = pipeline["stages"][: names.index("detect") + 1]
    ingest = dict(stages[0]["ingest"], format=str(folder / stages[0]["ingest"]["format"]))
    return {"pipeline": pipeline["pipeline"], "subject": str(folder / pipeline["subject"]),
            "partitions": pipeline.get("partitions", 1), "stages": [{"ingest": ingest}, *stages[1:]],
            "sinks": [{"files": {"stages": ["detect"], "path": "${OUT}"}}]}


def truth_of(path):
    """By item and store: when its price changed for the wrong, or back, in order of time. The truth
    names the first feed with a wrong price; the price stays wrong until the fault returns."""
    changes = {}
    with open(path, encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["label"] == "anomaly" or row["kind"] == "fault_return":
                kind = row["kind"] if row["label"] == "anomaly" else ""
                key = (row["chain_id"], row["store_id"], row["item_code"])
                changes.setdefault(key, []).append((row["publication_time"], kind))
    return {key: sorted(items) for key, items in changes.items()}


def kind_of(truth, subject):
    """What is wrong with a record's price; "": nothing."""
    key = (subject["chain_id"], subject["store_id"].lstrip("0") or "0", subject["item_code"])
    time, kind = subject["feed_time"].rstrip("Z"), ""
    for since, change in truth.get(key, []):
        kind = change if since <= time else kind
    return kind


def run(options, pipeline, seed):
    """Features, what is wrong with the price ("": nothing) and detect's own alarms, a row each."""
    readers = [reader_of(name, text) for name, text in stage_of(pipeline, "score")["features"].items()]
    features, kinds, alarms = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        cut = work / "detect.yaml"
        cut.write_text(yaml.safe_dump(up_to_detect(pipeline, options.pipeline.parent), allow_unicode=True,
                                      sort_keys=False), encoding="utf-8")
        subprocess.run([options.build / "millrace-feeds", "--out", work / "feeds", "--seed", str(seed),
                        "--rows", str(options.rows), "--faults", str(FAULTS)], check=True, stdout=sys.stderr)
        with open(work / "log", "wb") as log:
            ended = subprocess.run([options.build / "millrace", "run", cut, "--embedded", "--once"],
                                   env=dict(os.environ, FEEDS=str(work / "feeds"), OUT=str(work / "out")),
                                   stdout=log, stderr=log, check=False)
        if ended.returncode != 0:
            sys.exit((work / "log").read_text(errors="replace")[-2000:])
        truth = truth_of(work / "feeds" / "truth.csv")
        with open(work / "out" / f"{pipeline['pipeline']}.detect.jsonl", encoding="utf-8") as stream:
            rows = sorted((json.loads(line) for line in stream),  # partitions interleave as they like
                          key=lambda row: (row["origin"]["source"], row["origin"]["place"]))
    for row in rows:
        features.append([read(row) for read in readers])
        kinds.append(kind_of(truth, row["subject"]))
        alarms.append(row["detection"]["price"]["is_anomaly"])
    return numpy.array(features, dtype=numpy.float32), numpy.array(kinds), numpy.array(alarms)


# --- the model and what it is worth -----------------------------------------------------------

def matrix_of(features, names, **more):
    return xgboost.DMatrix(features, feature_names=names, nthread=1, **more)


def train(options, pipeline, names):
    runs = [run(options, pipeline, seed) for seed in TRAIN_SEEDS]
    features = numpy.concatenate([features for features, _, _ in runs])
    labels = numpy.concatenate([kinds != "" for _, kinds, _ in runs])
    booster = xgboost.train(PARAMETERS, matrix_of(features, names, label=labels), ROUNDS)
    for name in list(booster.attributes()):
        booster.set_attr(**{name: None})
    return booster, len(labels), int(labels.sum())


def quality(flagged, planted):
    hits = int((flagged & planted).sum())
    return {"flagged": int(flagged.sum()), "hits": hits,
            "precision": hits / max(1, int(flagged.sum())), "recall": hits / max(1, int(planted.sum()))}


def average_precision(scores, planted):
    """Ties count as one step, so that the order of rows does not matter."""
    order = numpy.argsort(-scores, kind="stable")
    scores, hits = scores[order], numpy.cumsum(planted[order])
    ends = numpy.append(numpy.nonzero(numpy.diff(scores))[0], len(scores) - 1)
    recall = hits[ends] / hits[-1]
    return float(numpy.sum(numpy.diff(recall, prepend=0) * hits[ends] / (ends + 1)))


def line(label, result):
    return f"| {label} | {result['flagged']} | {result['hits']} | {result['precision']:.3f} | {result['recall']:.3f} |"


def card(names, booster, trained, planted_count, scores, kinds, alarms):
    planted, flagged = kinds != "", scores > THRESHOLD
    gains = booster.get_score(importance_type="total_gain")
    total = sum(gains.values())
    detector = quality(alarms, planted)
    both = quality(alarms & flagged, planted)
    out = ["# The model price-risk", "",
           "Written by `deploy/pipelines/grocery/train.py`, which also makes the model: "
           "`deploy/pipelines/grocery/price-risk.ubj`.", "",
           "**What it says.** The probability that a price in a feed is a slip of whoever published it (ten times "
           "too much, the decimal point one place off, the price of another unit) and neither an offer nor a "
           "rise. `score` stamps it as `scoring.value`.", "",
           f"**How it is made.** XGBoost {xgboost.__version__}, {booster.num_boosted_rounds()} trees of depth "
           f"{PARAMETERS['max_depth']} at most, objective {PARAMETERS['objective']}; its features are those of "
           f"`score.features` in `deploy/pipelines/grocery.yaml`. Trained on {trained:,} rows of "
           f"`millrace-feeds`, seeds {', '.join(map(str, TRAIN_SEEDS))}, of which {planted_count:,} hold a wrong "
           f"price (each kind of fault begins at {FAULTS:g} of the rows and stays until it is put right).", "",
           f"**What it is worth.** On seed {TEST_SEED}, which it has not seen: "
           f"{len(kinds):,} rows, {int(planted.sum())} of them with a wrong price. Average precision "
           f"{average_precision(scores, planted):.3f}.", "",
           "| rule, by row | flagged | right | precision | recall |", "|---|---|---|---|---|",
           line("the detector alone: `detection.price.is_anomaly`", detector),
           line(f"the model alone: `scoring.value > {THRESHOLD:g}`", quality(flagged, planted)),
           line("both, as the advisories have it", both), "",
           "| fault | rows | flagged by both |", "|---|---|---|"]
    for kind in sorted(set(kinds[planted])):
        out.append(f"| {kind} | {int((kinds == kind).sum())} | {int((alarms & flagged & (kinds == kind)).sum())} |")
    out += ["", "| feature | share of the gain |", "|---|---|"]
    out += [f"| {name} | {gains.get(name, 0) / total:.3f} |" for name in names]
    out += ["", "**What it is not.** Where the detector alone is right already, the model can only agree: on these "
            "feeds it mostly does, and what it adds is a probability to sort by. Its faults were planted by a "
            "generator, by that generator's idea of what goes wrong: on real feeds these figures say what can be hoped for, not what was measured. The first rows of an "
            "item, before the detector knows what it costs, give it nothing to go by. Train it again when the "
            "features or the detector's settings change: the pipeline refuses a model whose features it does not "
            "have, but not one that was taught with another threshold.", ""]
    return "\n".join(out)


def parse():
    parser = argparse.ArgumentParser(description="Trains the grocery pipeline's model.")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--pipeline", type=pathlib.Path, default=HERE.parent / "grocery.yaml")
    parser.add_argument("--model", type=pathlib.Path, default=HERE / "price-risk.ubj")
    parser.add_argument("--card", type=pathlib.Path, default=ROOT / "docs" / "model-price-risk.md")
    parser.add_argument("--rows", type=int, default=100000, help="of each seed")
    return parser.parse_args()


def main():
    options = parse()
    options.pipeline = options.pipeline.resolve()
    pipeline = yaml.safe_load(options.pipeline.read_text(encoding="utf-8"))
    names = list(stage_of(pipeline, "score")["features"])
    booster, trained, planted_count = train(options, pipeline, names)
    booster.save_model(options.model)
    features, kinds, alarms = run(options, pipeline, TEST_SEED)
    scores = booster.predict(matrix_of(features, names))
    options.card.write_text(card(names, booster, trained, planted_count, scores, kinds, alarms), encoding="utf-8")
    result = quality(alarms & (scores > THRESHOLD), kinds != "")
    print(f"train rows={trained} test_rows={len(kinds)} wrong={int((kinds != '').sum())} "
          f"precision={result['precision']:.3f} recall={result['recall']:.3f}")


if __name__ == "__main__":
    main()
