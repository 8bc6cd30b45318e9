#!/usr/bin/env python3
"""clang-tidy with the checks of .clang-tidy finds nothing in any .c of the product.

    gate_tidy.py [--canary] ROOT BUILD

BUILD/compile_commands.json says how each file is compiled. What a file gave is kept under
BUILD/tidy-cache by the hash of all that it depends on (its text, its headers of ours, the flags,
the checks, the tool), so a second run takes a second."""
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

JOBS = 2
PRODUCT = ("cli", "connectors", "processors", "sinks", "deploy")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def with_headers(folders, name, seen):
    """The text of a file and of every header of ours that it includes, however deep, by name."""
    file = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if name in seen or file is None:
        return seen
    seen[name] = file.read_bytes()
    for header in INCLUDE.findall(seen[name].decode(errors="replace")):
        with_headers(folders, header, seen)
    return seen


def flags_of(entry):
    """What the compiler was told about the language: not the launcher, the output, the source."""
    words = entry.get("arguments") or shlex.split(entry["command"])
    wanted = re.compile(r"-(D|I|U|W|f|std=|isystem|m)")
    flags = []
    for index, word in enumerate(words):
        if wanted.match(word) and not word.startswith("-fsanitize"):
            flags.append(word)
            if word in ("-isystem", "-I", "-D"):
                flags.append(words[index + 1])
    return flags


def tidy(root, file, flags):
    """What clang-tidy says of one file; the empty text when it has nothing to say."""
    command = ["clang-tidy", "--quiet", f"--config-file={root / '.clang-tidy'}", str(file), "--", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    return done.stdout.strip() or done.stderr.strip() or f"clang-tidy ended with {done.returncode}"


def tidy_cached(root, build, file, flags, tool):
    texts = with_headers([root, build / "generated"], str(file.relative_to(root)), {})
    facts = repr([tool, flags, (root / ".clang-tidy").read_text(), sorted(texts.items())])
    kept = build / "tidy-cache" / hashlib.sha256(facts.encode()).hexdigest()
    if kept.is_file():
        return kept.read_text()
    said = tidy(root, file, flags)
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{file.name}.part")
    part.write_text(said)
    part.replace(kept)
    return said


def check(root, build):
    entries = json.loads((build / "compile_commands.json").read_text())
    flags = {pathlib.Path(e["directory"], e["file"]).resolve(): flags_of(e) for e in entries}
    files = sorted(f for folder in PRODUCT for f in (root / folder).rglob("*.c"))
    unbuilt = [f for f in files if f not in flags]
    if unbuilt or not files:
        return [f"{f}: is not built by {build}, so it was not checked" for f in unbuilt or [root]]
    tool = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        said = pool.map(lambda f: tidy_cached(root, build, f, flags[f], tool), files)
        return [text for text in said if text]


GOOD = "int twice(int number);\nint twice(int number)\n{\n    return 2 * number;\n}\n"
LONG = "int f(int a);\nint f(int a)\n{\n" + "    a ^= 1;\n" * 60 + "    return a;\n}\n"
TANGLED = ("int f(int a);\nint f(int a)\n{\n"
           + "    if (a > 1) {\n        if (a > 2) {\n            if (a > 3) {\n                a--;\n"
             "            }\n        }\n    }\n" * 3 + "    return a;\n}\n")
NULL_READ = "int f(void);\nint f(void)\n{\n    const int *a = (const int *)0;\n\n    return *a;\n}\n"
DEEP = ("int f(int a);\nint f(int a)\n{\n    if (a > 1) {\n        if (a > 2) {\n            if (a > 3) {\n"
        "                if (a > 4) {\n                    a--;\n                }\n            }\n        }\n"
        "    }\n    return a;\n}\n")
WIDE = ("int f(int a, char *b, long c, float d, void *e, double g, short *h);\n"
        "int f(int a, char *b, long c, float d, void *e, double g, short *h)\n{\n"
        "    return a + (b == e) + (c > 0) + (d > 0) + (g > 0) + (h == e);\n}\n")
BAD = [
    (LONG, "readability-function-size"),
    (TANGLED, "readability-function-cognitive-complexity"),
    (NULL_READ, "clang-analyzer-core.NullDereference"),
    (DEEP, "nesting level"),
    (WIDE, "7 parameters"),
]


def canary(root):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "canary.c")
        file.write_text(GOOD)
        found = [f"refused: {said}" for said in [tidy(root, file, ["-std=c17"])] if said]
        for text, check_name in BAD:
            file.write_text(text)
            if check_name not in tidy(root, file, ["-std=c17"]):
                found.append(f"{check_name} did not refuse:\n{text}")
        return found


def main(arguments):
    if shutil.which("clang-tidy") is None:
        print("clang-tidy is not installed")
        return 77
    if arguments[0] == "--canary":
        found = canary(pathlib.Path(arguments[1]).resolve())
    else:
        found = check(pathlib.Path(arguments[0]).resolve(), pathlib.Path(arguments[1]).resolve())
    print("\n".join(found) or "clang-tidy has nothing to say")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
