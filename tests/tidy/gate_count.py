#!/usr/bin/env python3
"""tests/count.py counts what ran: a skip is never a pass, and no failure is lost.

    gate_count.py [--canary] ROOT BUILD

One row per thing that ctest can report. The canary spoils a copy of count.py, one line at a time,
and wants the rows to notice."""
import pathlib
import re
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape


def cmocka(*lines):
    """What a cmocka program prints, with the list of skips and failures that it repeats."""
    again = [line for line in lines if "OK" not in line]
    return "\n".join(["[==========] Running 3 test(s).", *lines, "[==========] 3 test(s) run.",
                      "[  PASSED  ] 1 test(s).", *again])


def case(status, inner="", output=""):
    return f'<testcase name="t" status="{status}">{inner}<system-out>{escape(output)}</system-out></testcase>'


OK, SKIPPED, FAILED = "[       OK ] a", "[  SKIPPED ] b", "[  FAILED  ] c"
BROKEN = '<failure message=""/>'
ROWS = [  # label, what ctest reports, passed, failed, skipped, exit status
    ("three passes", case("run", "", cmocka(OK, OK, OK)), 3, 0, 0, 0),
    ("a skip among passes", case("run", "", cmocka(OK, SKIPPED, OK)), 2, 0, 1, 0),
    ("nothing but a skip", case("run", "", cmocka(SKIPPED)), 0, 0, 1, 0),
    ("a failure", case("fail", BROKEN, cmocka(OK, "[  ERROR   ] --- 0 != 1", FAILED)), 1, 1, 0, 1),
    ("a crash after a pass", case("fail", BROKEN, "[==========] Running 2 test(s).\n" + OK), 1, 1, 0, 1),
    ("a leak found at the end", case("fail", BROKEN, cmocka(OK, OK)), 2, 1, 0, 1),
    ("a failure that ctest missed", case("run", "", cmocka(OK, FAILED)), 1, 1, 0, 1),
    ("a script that passed", case("run", "", "in style"), 1, 0, 0, 0),
    ("a script that failed", case("fail", BROKEN, "out of style"), 0, 1, 0, 1),
    ("a script that skipped", case("notrun", '<skipped message="SKIP_RETURN_CODE=77"/>'), 0, 0, 1, 0),
    ("a program that is not there", case("notrun", '<skipped message="Unable to find executable"/>'), 0, 1, 0, 1),
    ("nothing at all", "", 0, 0, 0, 1),
]
SPOILED = [  # pattern in count.py, what stands there instead
    (r'"SKIPPED": "skipped"', '"SKIPPED": "passed"'),
    (r'"FAILED": "failed"', '"FAILED": "skipped"'),
    (r"is_inside = False\n        found", "pass\n        found"),
    (r'outcomes\.append\(\("failed"', 'outcomes.append(("skipped"'),
    (r'"skipped" if is_own_choice else "failed"', '"skipped"'),
    (r'"skipped" if is_own_choice else "failed"', '"failed"'),
    (r'return outcomes or \[\("passed", name\)\]', "return outcomes"),
    (r"or not outcomes else 0", "else 0"),
    (r'return 1 if total\["failed"\]', 'return 1 if total["lost"]'),
]


def faults(script):
    """The rows that the script gets wrong."""
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder)
        (results / "notes").write_text("")
        for label, report, passed, failed, skipped, status in ROWS:
            (results / "unit-release.xml").write_text(f"<testsuite>{report}</testsuite>")
            done = subprocess.run([sys.executable, str(script), folder, "5"], capture_output=True, text=True, check=False)
            wanted = [f"{passed} passed, {failed} failed, {skipped} skipped",
                      f"tests passed={passed} failed={failed} skipped={skipped} seconds=5"]
            if done.stdout.splitlines()[-2:] != wanted or done.returncode != status:
                yield f"{label}: wanted {wanted[0]}, exit {status}; got exit {done.returncode}:\n{done.stdout}{done.stderr}"


def canary(script):
    text = script.read_text()
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, "count.py")
        for pattern, instead in SPOILED:
            spoiled, count = re.subn(pattern, instead, text, count=1)
            copy.write_text(spoiled)
            if count == 0:
                yield f"not in count.py any more: {pattern}"
            elif not list(faults(copy)):
                yield f"no row noticed: {instead}"


def main(arguments):
    is_canary = arguments[0] == "--canary"
    script = pathlib.Path(arguments[1 if is_canary else 0], "tests", "count.py")
    found = list(canary(script) if is_canary else faults(script))
    good_news = f"{len(SPOILED)} wrong counts noticed" if is_canary else f"{len(ROWS)} reports counted right"
    print("\n".join(found) or good_news)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
