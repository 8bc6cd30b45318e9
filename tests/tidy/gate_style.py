#!/usr/bin/env python3
"""The rules of the house that no compiler checks.

    gate_style.py [--canary] ROOT BUILD

Each rule is one row of a table: what it looks for, where, and what to do instead. C is looked at
without its comments and strings. The canary plants one bad file per rule and wants that rule to
refuse it, and one good file that every rule has to accept."""
import pathlib
import re
import sys
import tempfile

PRODUCT = ("cli/", "connectors/", "processors/", "sinks/", "deploy/")
TREE = (*PRODUCT, "tests/", "benchmarks/")
TEXT = {".c", ".h", ".py", ".sh", ".pl", ".md", ".txt", ".cmake", ".json", ".yaml", ".yml", ".xml",
        ".avsc", ".sql", ".1", ".toml", ".conf"}
LINES_MAX = 600

# --- C, line by line: pattern, where it holds, where it does not, what to do -----------------

PRINTERS = ("processors/core/base/error.c",  # a broken assertion has nobody else to tell
            "cli/", "deploy/", "tests/", "benchmarks/")
WATCH = "processors/core/base/json_text.c"  # jansson's allocator is the process'
CLOCKS = ("processors/core/base/clock.c", "tests/", "benchmarks/")

CALLS = [  # functions that are not called
    ("strcpy strcat strncpy strncat stpcpy gets strtok", TREE, (), "use a span helper"),
    ("sprintf vsprintf", TREE, (), "use snprintf or mr_arena_print"),
    ("atoi atol atoll atof sscanf", TREE, (), "use the option parser or strtoll with its checks"),
    ("alloca", TREE, (), "use the arena"),
    ("rand srand random srandom drand48 rand_r", TREE, (), "use a seeded generator"),
    ("assert", TREE, (), "use MR_ASSERT, which stays on"),
    ("sleep usleep", TREE, (), "wait for a condition, or let the clock move"),
    ("nanosleep clock_nanosleep", TREE, ("processors/core/base/clock.c",), "use mr_clock_wait"),
    ("time gettimeofday", TREE, ("processors/core/base/clock.c",), "use batch->now_ms or a mr_clock"),
    ("clock clock_gettime localtime", TREE, CLOCKS, "use batch->now_ms or a mr_clock"),
    ("printf vprintf puts putchar perror", TREE, PRINTERS, "use MR_LOG, or print to a stream that is given"),
    ("setlocale", TREE, (), "output must not depend on the locale"),
]

LINES = [
    (r"\btypedef\s+(struct|union|enum)\b(?!.*\()", TREE, (), "say struct x at the use site, not a typedef"),
    (r"\btypedef\b.*\b\w+_t\s*;", TREE, (), "names in _t are POSIX'"),
    (r"!\s*(\w+(->|\.))*\w*code\b(?!\s*\()", TREE, (), "compare a code with MR_OK by name"),
    (r"\bgoto\s+(?!done\b)", TREE, (), "one goto at most, forward, to done"),
    (r"\b(?:size_t|ssize_t|int|long|unsigned|u?int\d+_t)\s+\**(?:\w+_)?(?:len|length|num|n)\s*[;=,)\[]",
     PRODUCT, (), "say index, count or size"),
    (r"\bstd(out|err)\b", TREE, PRINTERS, "use MR_LOG, or print to a stream that is given"),
    (r"\t", TREE, (), "no tabs"),
]

# --- inside a function ------------------------------------------------------------------------

TAKES = re.compile(r"\b(malloc|calloc|realloc|reallocarray|strdup|strndup)\s*\(")
# Not a proof: what these names call may take memory too. It is what a reviewer looks for first.
OFTEN = re.compile(r"(^|_)(run|poll|pull|ack|produce|decode|encode|eval|match|judge|push|update|"
                   r"visit|snapshot|settle|records?|rows?|batch|values?)(_|$)")
NO_HEAP = ("connectors/", "processors/", "sinks/")
HEAP = ("processors/core/base/",)


def is_mutable(declaration):
    """Of a declaration that begins with static: may what it names change?"""
    head = re.split(r"[=;\[{]", declaration, maxsplit=1)[0]
    if "*" in head:
        return not re.match(r"\s*const\b", head.rsplit("*", 1)[1])
    return not re.search(r"\bconst\b", head)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_prose(source):
    """The same lines without comments, and with empty strings: #include lines stay."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def replace(found):
        word = found.group()
        return blank(word) if word.startswith("/") else word[0] + blank(word[1:-1]) + word[-1]

    return pattern.sub(replace, source)


def is_in(here, places, exceptions):
    return here.startswith(tuple(places)) and not here.startswith(tuple(exceptions))


def line_faults(here, lines):
    rows = [(rf"(?<![\w.>])({names.replace(' ', '|')})\s*\(", places, exceptions, instead)
            for names, places, exceptions, instead in CALLS]
    for pattern, places, exceptions, instead in rows + LINES:
        if is_in(here, places, exceptions):
            for number, line in enumerate(lines, 1):
                found = re.search(pattern, line)
                if found:
                    yield number, f'"{found.group().strip()}": {instead}'


def function_faults(here, lines):
    """clang-format's layout tells functions: the name at the margin, then braces at the margin."""
    name = signature = None
    for number, line in enumerate(lines, 1):
        if re.match(r"[A-Za-z_].*\(", line):
            signature = re.search(r"(\w+)\s*\(", line).group(1)
        if line.startswith("{"):
            name = signature
        elif line.startswith("}"):
            name = None
        if name is None:
            is_variable = re.match(r"static\b(?!.*\()", line) and re.search(r"[;={]", line)
            if is_variable and is_mutable(line) and "sig_atomic_t" not in line and here != WATCH:
                yield number, "no global state that changes"
            continue
        if re.match(r"\s+static\b", line) and is_mutable(line):
            yield number, "no static in a function, unless it is const"
        if re.match(r"\s*#\s*if", line):
            yield number, "no #if inside a function: build options choose files"
        if is_in(here, NO_HEAP, HEAP) and TAKES.search(line) and OFTEN.search(name):
            yield number, f"{name}() takes memory, and is called for each batch or record: use an arena"


# --- a file as a whole ------------------------------------------------------------------------

def guards_of(here):
    """MR_FOLDER_FILE_H, with as many of the folders as it takes to be alone; in tests, MR_TEST_..."""
    words = [re.sub(r"\W", "_", part).upper() for part in here[: -len(".h")].split("/")]
    ends = {"_".join(words[first:]) + "_H" for first in range(len(words))}
    heads = ("MR_", "MR_TEST_", "MR_TESTS_") if words[0] == "TESTS" else ("MR_",)
    return {head + end for head in heads for end in ends}


def header_faults(here, text):
    name = here.rsplit("/", 1)[1]
    if not re.match(rf"/\* {re.escape(name)} - \S", text):
        yield 1, f'begins with "/* {name} - what it is, in one clause."'
    found = re.search(r"^#ifndef (\w+)\n#define (\w+)\n", text, re.M)
    if not found or found.group(1) != found.group(2) or found.group(1) not in guards_of(here):
        yield 1, f"the guard is one of {', '.join(sorted(guards_of(here)))}"


def source_faults(root, here, text):
    own = here[: -len(".c")] + ".h"
    first = re.search(r'^#include ["<]([^">]+)', text, re.M)
    inner = here.rsplit("/", 1)[0] + "/"  # noun_internal.h begins with the contract itself
    is_own = first and (first.group(1) == own or re.fullmatch(re.escape(inner) + r"\w+_internal\.h", first.group(1)))
    if (root / own).is_file() and not is_own:
        yield 1, f'includes "{own}" first: that proves it to be self-contained'
    if re.match(r"tests/(.*/)?test_\w+\.c$", here):
        head = text[:1500]
        if not re.match(r"/\* Goal: ", head) or "Method: " not in head:
            yield 1, "begins with the test's Goal and Method"


def c_faults(root, here, text):
    lines = without_prose(text).splitlines()
    yield from line_faults(here, lines)
    if here.startswith(PRODUCT):
        yield from function_faults(here, lines)
    if len(lines) > LINES_MAX:
        yield len(lines), f"more than {LINES_MAX} lines: split by noun"
    yield from header_faults(here, text) if here.endswith(".h") else source_faults(root, here, text)


UNFINISHED = re.compile(r"\b(" + "|".join(["FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK"]) + r")\b")
# A folder of the machine that somebody worked on: "~" and "$HOME" are fine.
MACHINE = re.compile(r"(?<![\w.}~])/(?:root|work|home)/\w")


def text_faults(text):
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if UNFINISHED.search(line):
            yield number, f'"{UNFINISHED.search(line).group()}": open an issue instead'
        if MACHINE.search(line):
            yield number, "a path of one machine"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no newline at the end"


def is_text(path):
    return path.suffix in TEXT or path.name in ("run", ".clang-format", ".clang-tidy", ".gitignore")


def tree_files(root):
    """Every text of the tree; not what was built, not what belongs to git or an editor."""
    skipped = {"build", ".git", "__pycache__", ".cache", ".vscode", ".idea", "data", "golden"}
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and is_text(path) and not skipped & set(parts):
            yield path, "/".join(parts)


def faults(root):
    guards = {}
    for path, here in tree_files(root):
        text = path.read_text(errors="replace")
        found = list(text_faults(text))
        if here.endswith((".c", ".h")):
            found += c_faults(root, here, text)
        guard = here.endswith(".h") and re.search(r"^#ifndef (\w+)$", text, re.M)
        if guard and guards.setdefault(guard.group(1), here) != here:
            found.append((1, f"{guard.group(1)} is {guards[guard.group(1)]}'s guard already"))
        yield from (f"{here}:{number}: {what}" for number, what in sorted(set(found)))


# --- the canary -------------------------------------------------------------------------------

HEADER = "/* a.h - a thing. */\n#ifndef MR_BASE_A_H\n#define MR_BASE_A_H\n\n#endif\n"
BODY = "int f(void)\n{\n    %s\n}\n"
GOOD = {
    "processors/core/base/a.h": HEADER,
    "processors/core/base/a.c": '#include "processors/core/base/a.h"\n\n'
                                "/* time() and sleep() in prose are fine, like \"rand()\" below. */\n"
                                "static const char *const words[] = {\"rand()\"};\n\n"
                                + BODY % "static const int table[] = {1};\n\n    return table[0];",
    "processors/validate/visit.h": "/* visit.h - a function's type. */\n#ifndef MR_VALIDATE_VISIT_H\n"
                                   "#define MR_VALIDATE_VISIT_H\ntypedef enum mr_code mr_visit(int a);\n#endif\n",
    "processors/validate/open.c": "int model_open(void)\n{\n    return malloc(1) != 0;\n}\n",
    "tests/test_a.c": "/* Goal: one.\n * Method: two. */\nint main(void)\n{\n    return 0;\n}\n",
    "processors/validate/print.c": BODY % 'return fprintf(stream, "1");',
    "benchmarks/bench_a.c": BODY % 'return printf("1");',
    "README.md": "Put it in ~/work/ or $HOME/work/.\n",
}
C = "processors/validate/b.c"
BAD = [  # path, text, what the refusal says
    (C, BODY % "strcpy(a, b);", "span helper"),
    (C, BODY % "return sprintf(a, b);", "snprintf"),
    (C, BODY % "return atoi(a);", "option parser"),
    (C, BODY % "return rand();", "seeded"),
    (C, BODY % "assert(a);", "MR_ASSERT"),
    ("tests/support/b.c", BODY % "sleep(1);", "wait for a condition"),
    ("benchmarks/bench_b.c", BODY % "usleep(1);", "wait for a condition"),
    (C, BODY % "nanosleep(a, b);", "mr_clock_wait"),
    (C, BODY % "return time(0);", "now_ms"),
    (C, BODY % "clock_gettime(a, b);", "now_ms"),
    (C, BODY % 'printf("%d", 1);', "MR_LOG"),
    (C, BODY % 'fprintf(stderr, "%d", 1);', "MR_LOG"),
    (C, BODY % "setlocale(a, b);", "locale"),
    (C, BODY % "return alloca(1);", "arena"),
    (C, "typedef struct b {\n    int a;\n} b;\n", "typedef"),
    (C, "typedef int b_t;\n", "POSIX"),
    (C, BODY % "return !err->code;", "by name"),
    (C, BODY % "goto out;", "goto"),
    (C, BODY % "size_t key_len = 0;", "index, count or size"),
    (C, BODY % "return\t1;", "tabs"),
    (C, BODY % "static int count = 0;", "no static in a function"),
    (C, BODY % "static const char *last;", "no static in a function"),
    (C, "static int count;\n", "global state"),
    (C, "static const char *last = 0;\n", "global state"),
    (C, "int f(void)\n{\n#ifdef A\n    return 1;\n#endif\n}\n", "#if inside"),
    (C, "int rule_run(void)\n{\n    return malloc(1) != 0;\n}\n", "takes memory"),
    (C, "int a;\n" * (LINES_MAX + 1), "more than"),
    ("processors/validate/b.h", "#ifndef MR_VALIDATE_B_H\n#define MR_VALIDATE_B_H\n#endif\n", "begins with"),
    ("processors/validate/b.h", "/* b.h - b. */\n#ifndef B_H\n#define B_H\n#endif\n", "guard is one of"),
    ("sinks/base/a.h", HEADER, "guard already"),
    ("processors/core/base/a.c", '#include <stdio.h>\n#include "processors/core/base/a.h"\n', "first"),
    ("tests/test_b.c", "int main(void)\n{\n    return 0;\n}\n", "Goal and Method"),
    ("README.md", "a \n", "blanks at the end"),
    ("README.md", "a", "no newline"),
    ("deploy/b.sh", "# TO" + "DO: b\n", "open an issue"),
    ("docs/b.md", "See /ro" + "ot/b.\n", "path of one machine"),
]


def faults_with(extra):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in {**GOOD, **extra}.items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return list(faults(pathlib.Path(folder)))


def canary():
    missed = [f"refused: {fault}" for fault in faults_with({})]
    for path, text, words in BAD:
        if not any(fault.startswith(path + ":") and words in fault for fault in faults_with({path: text})):
            missed.append(f"accepted ({words}): {path}: {text[:80]!r}")
    return missed


def main(arguments):
    is_canary = arguments[0] == "--canary"
    found = canary() if is_canary else list(faults(pathlib.Path(arguments[0])))
    good_news = f"{len(BAD)} bad files refused, {len(GOOD)} good ones accepted" if is_canary else "in style"
    print("\n".join(found) or good_news)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
