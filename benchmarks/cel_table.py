"""Reads rounds of "way rule ns" lines and prints cel.sh's table: medians, least and most in brackets."""
import statistics
import sys

BARS = {"compiled": 3.0, "cel-go": 5.0}  # of hand-written C at most; of compiled at least
WAYS = ["hand", "compiled", "reference", "cel-go", "jq"]


def read(lines):
    times, allocs = {}, 0
    for line in lines:
        words = line.split()
        if words[0] == "allocs":
            allocs += int(words[1])
        elif words[0] in WAYS and len(words) == 3:
            times.setdefault((words[0], words[1]), []).append(float(words[2]))
        else:
            sys.exit(line.strip())
    return times, allocs


def cell(figures):
    if not figures:
        return "skipped"
    return f"{statistics.median(figures):.3g} ({min(figures):.3g}-{max(figures):.3g})"


def ratios(times, rules, over, under):
    """How many times `under` is `over`, by rule: of each round, for a machine's speed changes between
    two, and of these the median. Empty: one was skipped."""
    return [statistics.median(a / b for a, b in zip(times[over, rule], times[under, rule]))
            for rule in rules if (over, rule) in times and (under, rule) in times]


def figure(values, pick):
    return f"{pick(values):.2f}" if values else "skipped"


def main():
    times, allocs = read(sys.stdin)
    rules = list(dict.fromkeys(rule for _, rule in times))
    print("ns per evaluation, CPU time: median (least-most)")
    print("".join(f"{word:>22}" for word in ["rule", *WAYS, "compiled/hand", "cel-go/compiled"]))
    for rule in rules:
        cells = [cell(times.get((way, rule))) for way in WAYS]
        cells += [figure(ratios(times, [rule], "compiled", "hand"), max),
                  figure(ratios(times, [rule], "cel-go", "compiled"), min)]
        print("".join(f"{word:>22}" for word in [rule, *cells]))
    ours = ratios(times, rules, "compiled", "hand")
    go = ratios(times, rules, "cel-go", "compiled")
    jq = ratios(times, rules, "jq", "compiled")
    print(f"cel compiled_vs_hand_max={figure(ours, max)} cel_go_vs_compiled_min={figure(go, min)} "
          f"jq_vs_compiled_min={figure(jq, min)} allocs={allocs}")
    is_met = max(ours) <= BARS["compiled"] and min(go, default=BARS["cel-go"]) >= BARS["cel-go"]
    return 0 if is_met and allocs == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
