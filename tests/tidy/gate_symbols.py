#!/usr/bin/env python3
"""One public name, one meaning: no two units define the same external symbol.

The linker takes the first it finds in a chain of static libraries and says nothing, so a unit
may call another's function of the same name.

usage: gate_symbols.py ROOT BUILD | gate_symbols.py --canary ROOT BUILD"""
import collections
import pathlib
import subprocess
import sys
import tempfile


def symbols(library):
    found = subprocess.run(["nm", "--defined-only", "--extern-only", str(library)], check=True,
                           capture_output=True, text=True).stdout
    return {line.split()[2] for line in found.splitlines() if len(line.split()) == 3}


def faults(build):
    owners = collections.defaultdict(list)
    for library in sorted(pathlib.Path(build).glob("libmr_*.a")):
        for symbol in symbols(library):
            owners[symbol].append(library.name)
    return [f"{symbol} is defined in {' and '.join(names)}"
            for symbol, names in sorted(owners.items()) if len(names) > 1], len(owners)


def canary():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("libmr_a", "libmr_b"):
            source = pathlib.Path(folder, name + ".c")
            source.write_text("int mr_twice(void);\nint mr_twice(void)\n{\n    return 1;\n}\n")
            subprocess.run(["cc", "-c", str(source), "-o", str(source.with_suffix(".o"))], check=True)
            subprocess.run(["ar", "cr", str(source.with_suffix(".a")),
                            str(source.with_suffix(".o"))], check=True)
        return len(faults(folder)[0]) == 1


def main():
    if sys.argv[1] == "--canary":
        sys.exit(0 if canary() else 1)
    found, count = faults(sys.argv[2])
    print("\n".join(found) or "every public name is defined once")
    print(f"gate_symbols symbols={count} twice={len(found)}")
    sys.exit(bool(found) or count == 0)


main()
