#!/usr/bin/env python3
"""Print one row per target from the measurements of scripts/bench.sh: what was measured, against what, and the aim.

Usage: bench_rows.py FOLDER     with runtime.json, dev.json, release.json, front.json and small.json
A figure that is missing is shown as "-"; the exit status is 1 then.
"""
import json, math, statistics, sys
from pathlib import Path


def read(folder, name):
    try:
        return json.loads((folder / f"{name}.json").read_text())
    except (OSError, ValueError):
        return {}


def median(builds, size, builder, step, key="wall_ms"):
    """A step's median; None when it was not measured or failed in any round."""
    row = builds.get("sizes", {}).get(size, {}).get(builder, {})
    samples = row.get("steps", {}).get(step)
    if not samples or step in row.get("errors", {}):
        return None
    return statistics.median(sample[key] for sample in samples)


def figure(number, unit):
    if number is None:
        return "-"
    digits = 0 if number >= 100 else 1 if number >= 10 else 2
    return f"{number:,.{digits}f}{unit}"


class Rows:
    """Rows of text, and whether a figure was missing."""

    def __init__(self):
        self.rows, self.missing = [("What", "Measured", "Yardstick", "Ratio", "Aim", "")], False

    def verdict(self, value, aim):
        self.missing |= value is None
        return "missing" if value is None else "ok" if value <= aim else "above"

    def against(self, what, measured, yardstick, aim):
        """A row whose aim is a multiple of the yardstick."""
        value = measured / yardstick if measured is not None and yardstick else None
        self.rows.append((what, figure(measured, " ms"), figure(yardstick, " ms"), figure(value, ""), f"≤ {aim:g}", self.verdict(value, aim)))

    def alone(self, what, unit, measured, aim):
        """A row whose aim is a figure."""
        self.rows.append((what, figure(measured, unit), "", "", f"≤ {aim:g}{unit}", self.verdict(measured, aim)))

    def show(self):
        width = [max(len(row[column]) for row in self.rows) for column in range(len(self.rows[0]))]
        for number, row in enumerate(self.rows):
            cells = (cell.ljust(w) if column in (0, 5) else cell.rjust(w) for column, (cell, w) in enumerate(zip(row, width)))
            print("| " + " | ".join(cells) + " |")
            if number == 0:
                print("|" + "|".join("-" * (w + 2) if column in (0, 5) else "-" * (w + 1) + ":" for column, w in enumerate(width)) + "|")


def native_rows(rows, runtime):
    ratios = {}
    failed = False
    for name, workload in runtime.get("workloads", {}).items():
        value = workload.get("variants", {}).get("bin", {}).get("ratio_C-O2")
        failed |= not value
        if value:
            ratios[name] = value
    complete = bool(ratios) and not failed
    mean = math.exp(statistics.fmean(map(math.log, ratios.values()))) if complete else None
    worst = max(ratios, key=ratios.get, default="none")
    rows.alone(f"native speed, {len(ratios)} workloads, geometric mean over C -O2", "", mean, 1.25)
    rows.alone(f"slowest workload over C -O2 ({worst})", "", ratios.get(worst) if complete else None, 2.0)


def build_rows(rows, profile, builds, size, yardstick):
    ours = lambda step: median(builds, size, "bin", step)
    theirs = lambda step: median(builds, size, yardstick, step)
    rows.against(f"{profile}: no-op build", ours("noop"), theirs("noop"), 1.0)
    rows.against(f"{profile}: change in a leaf body", ours("leaf"), theirs("leaf"), 1.1)
    rows.against(f"{profile}: change in the body of the module that all import", ours("base"), theirs("base"), 1.1)
    rows.against(f"{profile}: formatting, over our no-op", ours("format"), ours("noop"), 2.0)
    rows.against(f"{profile}: touched time stamps, over our no-op", ours("touch"), ours("noop"), 2.0)
    rows.against(f"{profile}: new export in the module that all import", ours("export"), theirs("export"), 0.3)
    rows.against(f"{profile}: cold build", ours("cold"), theirs("cold"), 1.0 if profile == "dev" else 1.1)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    rows = Rows()
    native_rows(rows, read(folder, "runtime"))

    front = read(folder, "front")
    sizes = sorted(map(int, front.get("sizes", {}))) or [0]
    few, many = sizes[0], sizes[-1]
    cpu = lambda size: median(front, str(size), "bin", "cold", "cpu_ms")
    rows.alone(f"front end, {few:,} modules, CPU", " ms", cpu(few), 1000)
    rows.against(f"front end, {many:,} modules, CPU, over that of {few:,}", cpu(many), cpu(few), 3.3)

    for profile, yardstick in (("dev", "c0"), ("release", "c")):
        builds = read(folder, profile)
        size = next(iter(builds.get("sizes", {})), "")
        build_rows(rows, profile, builds, size, yardstick)

    small = read(folder, "small")
    words = small.get("word_count", {})
    rows.alone("word count: cold build", " ms", words.get("cold_ms"), 120)
    rows.alone("word count: warm x07 run", " ms", words.get("warm_ms"), 8)
    idle = small.get("idle_ms", {})
    for profile in ("dev", "release"):
        often = idle.get(profile, {})
        rows.against(f"{profile}: no-op build, again and again", often.get("noop"), idle.get("ninja"), 1.0)
        rows.against(f"{profile}: touched time stamps, again and again", often.get("touch"), often.get("noop"), 2.0)
    rows.alone("peak memory of the build, compilers excluded", " MiB", small.get("peak_mib"), 300)
    rows.show()
    return 1 if rows.missing else 0


if __name__ == "__main__":
    sys.exit(main())
