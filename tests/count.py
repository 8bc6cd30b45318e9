#!/usr/bin/env python3
"""Counts what tests/run.sh ran, test by test, and prints the summary.

    count.py RESULTS SECONDS

RESULTS holds LABEL-PRESET.xml (JUnit, by ctest) and notes (LABEL PRESET OUTCOME NAME). A cmocka
program counts as the tests that it ran; any other program counts as one. A program that ctest
calls failed although no test of it says so (a crash, a leak, a deadline) is one failure more.
Exit status 1 when anything failed, or when nothing ran."""
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree

# cmocka lists failures and skips once more below "run.": only what stands above it is counted.
BEGIN = re.compile(r"\[=+\] (?:\S+: )?Running \d+ test")
END = re.compile(r"\[=+\] (?:\S+: )?\d+ test\(s\) run")
OUTCOME = re.compile(r"\[ +(OK|FAILED|SKIPPED) +\] (\S+)")
WORDS = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}


def cmocka_outcomes(text):
    is_inside = False
    for line in text.splitlines():
        if BEGIN.search(line):
            is_inside = True
        elif END.search(line):
            is_inside = False
        found = is_inside and OUTCOME.search(line)
        if found:
            yield WORDS[found.group(1)], found.group(2)


def program_outcomes(case):
    """(outcome, name) of every test in one program that ctest ran, or could not run."""
    name, status = case.get("name"), case.get("status")
    skipped = case.find("skipped")
    if status != "run" and skipped is not None:
        is_own_choice = status == "disabled" or skipped.get("message", "").startswith("SKIP_")
        return [("skipped" if is_own_choice else "failed", name)]
    outcomes = [(outcome, f"{name}: {test}") for outcome, test in cmocka_outcomes(case.findtext("system-out") or "")]
    if status != "run" and not any(outcome == "failed" for outcome, _ in outcomes):
        outcomes.append(("failed", f"{name}: ended badly"))
    return outcomes or [("passed", name)]


def all_outcomes(results):
    """(label, preset, outcome, name), in the order of run.sh."""
    for file in sorted(results.glob("*-*.xml"), key=lambda path: path.stat().st_mtime):
        label, preset = file.stem.split("-", 1)
        for case in xml.etree.ElementTree.parse(file).iter("testcase"):
            for outcome, name in program_outcomes(case):
                yield label, preset, outcome, name
    for line in (results / "notes").read_text().splitlines():
        yield tuple(line.split(" ", 3))


def main(arguments):
    outcomes = list(all_outcomes(pathlib.Path(arguments[0])))
    table = collections.OrderedDict()
    for label, preset, outcome, name in outcomes:
        table.setdefault((label, preset), collections.Counter())[outcome] += 1
        if outcome != "passed":
            print(f"{outcome}: {name} ({label}, {preset})")
    print(f"{'label':<12} {'build':<8} {'passed':>7} {'failed':>7} {'skipped':>8}")
    for (label, preset), count in table.items():
        print(f"{label:<12} {preset:<8} {count['passed']:>7} {count['failed']:>7} {count['skipped']:>8}")
    total = collections.Counter(outcome for _, _, outcome, _ in outcomes)
    print()
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    print(f"tests passed={total['passed']} failed={total['failed']} skipped={total['skipped']} seconds={arguments[1]}")
    return 1 if total["failed"] or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
