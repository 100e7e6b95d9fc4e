#!/usr/bin/env python3
"""Check that the cost of every standard library operation grows as its specification demands.

Usage:
  complexity.py [--bin DIR] [--only PATTERN,...] [--target-ms N] [--repeat N] [--module-root DIR]... [--json FILE] [--list]

One line of it: python3 bench/complexity.py --bin target/release --only 'std.json.*'

--bin          folder that holds x07 (default: target/release of this repository)
--only         operations by name, * as in a shell
--target-ms    CPU time of one measurement (default 20)
--repeat       measurements of each size; the smallest counts (default 3)
--module-root  where modules are looked for that the toolchain does not carry
--json         write every measurement here
--list         print the rows and the operations without one, measure nothing

A row of complexity.json is one operation with one kind of input:
  operation   the function; "case" says what the input is like where one function has several rows
  bound       what the cost may be: 1, log n, n, n log n or n^2
  size        the smallest n; 2n, 4n and 8n are measured too
  data        the function of this file that makes the input for n
  setup       statements that run once; they may use n, data (a view of the input), round and seed (both i32)
  round       an i32 expression, evaluated once per round; the sum of its values is the output
  max_rounds  where rounds leave something allocated

Each row becomes a program that takes the number of rounds from its input. A cost is the difference between a run of
many rounds and one of none, so starting, reading the input and the setup drop out. The exponent is the slope of the
cost over n, both as logarithms, after a division by log n where the bound has one. It is given for fuel and for CPU
time (user and system) of the executable. A row fails when one of them passes the bound's exponent by more than 0.15;
a time is measured again before it fails. Exit status 1 if a row fails or does not build.
"""
import argparse, fnmatch, json, math, os, random, struct, subprocess, sys, tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
STDLIB = REPOSITORY / "stdlib" / "std"
FUEL = 10 ** 15
MEMORY = 1 << 30
SLACK = 0.15
# How often --repeat is spent again on a time out of bounds: other work on the machine only ever adds to it.
RETRIES = 3
SCALES = (1, 2, 4, 8)
# The exponent that a bound allows, and whether the cost is divided by log n first.
BOUNDS = {"1": (0, False), "log n": (0, True), "n": (1, False), "n log n": (1, True), "n^2": (2, False)}

# ---- inputs: each takes n and a generator of random numbers ---------------------------------------------------------

def u32(*numbers):
    return struct.pack("<%dI" % len(numbers), *numbers)

def zeros(n, rng):
    return bytes(n)

def random_bytes(n, rng):
    return rng.randbytes(n)

def letters(n, rng):
    return bytes(rng.choices(b"abcdefghijklmnopqrstuvwxyz", k=n))

def leading_zeros(n, rng):
    return b"0" * (n - 1) + b"7"

def blanks(n, rng):
    return b" \t" * (n // 2) + b"7"

def blanks_only(n, rng):
    return b" " * n

def commas(n, rng):
    return b"," * n

def integers(n, rng):
    return b"".join(b"%d," % rng.randrange(100_000) for _ in range(n))

def integers_only(n, rng):
    return integers(n, rng)[:-1]

def csv(n, rng):
    return b"".join(b"row %d,%d\r\n" % (i, rng.randrange(1000)) for i in range(n))

def spelled(number):
    """A word of letters for each number, all of one length."""
    return bytes(97 + number // 26 ** k % 26 for k in range(5))

def distinct_words(n, rng):
    return b" ".join(spelled(i) for i in rng.sample(range(26 ** 4), n))

def few_words(n, rng):
    return b" ".join(spelled(rng.randrange(20)) for _ in range(n))

def distinct_lines(n, rng):
    return distinct_words(n, rng).replace(b" ", b"\n") + b"\n"

def few_lines(n, rng):
    return few_words(n, rng).replace(b" ", b"\n")

def padded_lines(n, rng):
    return b"".join(b"  %s \t\r\n" % spelled(rng.randrange(1000)) for _ in range(n))

def utf8(n, rng):
    return ("aé水𝄞" * (n // 4)).encode()

def regex_literal(n, rng):
    return b"needle\0" + letters(n, rng)

def regex_repeat(n, rng):
    return b"ab*c\0" + b"abbd" * (n // 4)

def words(n, rng):
    """n different numbers, none of them the reserved key of the hash tables."""
    return u32(*rng.sample(range(1 << 31), n))

def ascending(n, rng):
    return u32(*range(0, 2 * n, 2))

def ascending_pairs(n, rng):
    return u32(*(x for i in range(n) for x in (2 * i, i)))

def random_request(n, rng):
    return u32(1, 0, n)

def x7sl(n, rng):
    return b"X7SL" + u32(1, n) + u32(*(x for i in range(n) for x in (i, 4)))

def tagged(n, rng):
    return b"\1" + rng.randbytes(n)

def small_keys(n):
    return [b"k%05d" % i for i in range(n - 1)] + [b"~"]

def small_map(n, rng):
    return b"".join(u32(len(k)) + k + u32(7) for k in small_keys(n))

def small_set(n, rng):
    return b"".join(u32(len(k)) + k for k in small_keys(n))

def case_bytes(n, rng):
    return u32(1, 0, n) + rng.randbytes(n)

def json_numbers(n, rng):
    return b"[" + b",".join(b"%d" % rng.randrange(-99_999, 99_999) for _ in range(n)) + b"]"

def json_object(keys):
    return b"{" + b",".join(b'"%s":1' % k for k in keys) + b"}"

def json_members(n, rng):
    return json_object(spelled(i) for i in rng.sample(range(26 ** 4), n))

def json_ascending(n, rng):
    return json_object(b"k%05d" % i for i in range(n))

def json_equal(n, rng):
    return json_object([b"key"] * n)

def json_prefix(n, rng):
    return json_object(b"x" * 200 + spelled(i) for i in rng.sample(range(26 ** 4), n))

def json_records(n, rng):
    return b"[" + b",\n".join(b'{"name": "n%d", "id": %d, "tags": ["a", "b"]}' % (i, i) for i in range(n)) + b"]"

def json_deep_arrays(n, rng):
    return b"[" * n + b"]" * n

def json_deep_objects(n, rng):
    return b'{"b":1,"a":' * n + b"0" + b"}" * n

def json_string(n, rng):
    return b'"' + letters(n, rng) + b'"'

def json_blanks(n, rng):
    return b" " * n + b"1"

def json_path_late(n, rng):
    return json_object([b"k%05d" % i for i in range(n)] + [b"last"]) + b"\0last"

def json_path_deep(n, rng):
    return json_deep_objects(n, rng) + b"\0" + b".".join([b"a"] * n)

INPUTS = {f.__name__: f for f in (
    zeros, letters, leading_zeros, blanks, blanks_only, commas, integers, integers_only, csv, distinct_words, few_words,
    distinct_lines, few_lines, padded_lines, utf8, regex_literal, regex_repeat, words, ascending, ascending_pairs,
    random_request, x7sl, tagged, small_map, small_set, case_bytes, json_numbers, json_members, json_ascending,
    json_equal, json_prefix, json_records, json_deep_arrays, json_deep_objects, json_string, json_blanks,
    json_path_late, json_path_deep)} | {"random": random_bytes}

# ---- programs -------------------------------------------------------------------------------------------------------

def modules_used(tree):
    """The modules of the library functions that an expression calls."""
    if not isinstance(tree, list):
        return set()
    head = tree[1] if tree[0] == "tapp" else tree[0]
    own = {head.rpartition(".")[0]} if isinstance(head, str) and head.startswith("std.") else set()
    return own.union(*(modules_used(part) for part in tree[1:]))

def program(row):
    setup = row.get("setup", [])
    steps = [
        ["let", "rounds", ["codec.read_u32_le", "input", 0]],
        ["let", "n", ["codec.read_u32_le", "input", 4]],
        ["let", "data", ["view.slice", "input", 8, ["-", ["view.len", "input"], 8]]],
        ["let", "seed", 1],
        ["let", "sum", 0],
        *setup,
        ["for", "round", 0, "rounds", ["set", "sum", ["+", "sum", row["round"]]]],
        ["fmt.u32_to_dec", "sum"],
    ]
    imports = sorted(modules_used(setup + [row["round"]]) if setup else modules_used(row["round"]))
    return {"schema_version": "x07.x07ast@0.5.0", "kind": "entry", "module_id": "main", "imports": imports, "decls": [],
            "solve": ["begin", *steps]}

def build(row, opts, folder):
    """The executable of a row, or the text of the failure."""
    source, exe = folder / "main.x07.json", folder / "row"
    source.write_text(json.dumps(program(row)))
    command = [str(Path(opts.bin).resolve() / "x07"), "build", "--quiet", "--release", "--program", str(source), "--out", str(exe),
               "--world", "solve-pure", "--abi", "framed", "--solve-fuel", str(FUEL), "--max-memory-bytes", str(MEMORY)]
    for root in opts.module_root:
        command += ["--module-root", str(Path(root).resolve())]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    return (exe, None) if done.returncode == 0 else (None, done.stderr.strip() or done.stdout.strip())

# ---- measurements ---------------------------------------------------------------------------------------------------

class Trapped(Exception):
    pass

def run(exe, folder, rounds, n, data):
    """CPU seconds and fuel of one run."""
    body = u32(rounds, n) + data
    with open(folder / "input", "wb") as f:
        f.write(u32(len(body)) + body)
    with open(folder / "input", "rb") as stdin, open(folder / "errors", "w+b") as stderr:
        child = subprocess.Popen([exe], stdin=stdin, stdout=subprocess.DEVNULL, stderr=stderr)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        stderr.seek(0)
        text = stderr.read().decode(errors="replace").strip()
    if child.returncode != 0:
        raise Trapped(text)
    return usage.ru_utime + usage.ru_stime, json.loads(text.splitlines()[-1])["fuel_used"]

class Size:
    """One size of a row: its input, and the smallest times seen so far of no round and of many rounds."""

    def __init__(self, exe, folder, row, n, target):
        self.run = lambda rounds: run(exe, folder, rounds, n, data)
        self.n, self.target, self.rounds = n, target, 1
        data, limit = INPUTS[row["data"]](n, random.Random(n)), row.get("max_rounds", 1 << 24)
        self.idle, fuel_idle = self.run(0)
        while True:
            self.busy, fuel = self.run(self.rounds)
            spent = self.busy - self.idle
            if spent >= target / 2 or self.rounds >= limit:
                break
            self.rounds = min(limit, self.rounds * (10 if spent < target / 20 else math.ceil(target / spent)))
        self.fuel = (fuel - fuel_idle) / self.rounds

    def measure_again(self):
        self.idle = min(self.idle, self.run(0)[0])
        self.busy = min(self.busy, self.run(self.rounds)[0])

    def seconds(self):
        """Per round; None when the difference is too small to mean anything."""
        spent = self.busy - self.idle
        return spent / self.rounds if spent >= self.target / 10 else None

def exponent(sizes, costs, divide_by_log):
    """The slope of the cost over n on logarithmic axes; None when too few sizes could be measured."""
    points = [(math.log(n), math.log(c / math.log2(n) if divide_by_log else c)) for n, c in zip(sizes, costs) if c]
    if len(points) < 3:
        return None
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)

def measure(exe, folder, row, opts):
    allowed, divide_by_log = BOUNDS[row["bound"]]
    sizes = [Size(exe, folder, row, row["size"] * scale, opts.target_ms / 1000) for scale in SCALES]
    slope = lambda costs: exponent([s.n for s in sizes], costs, divide_by_log)
    # All sizes take turns, so that a busy moment of the machine does not fall upon one of them alone.
    for turn in range(1, opts.repeat * (RETRIES + 1)):
        if turn >= opts.repeat and (slope([s.seconds() for s in sizes]) or 0) <= allowed + SLACK:
            break
        for size in sizes:
            size.measure_again()
    seconds, fuel = [s.seconds() for s in sizes], [s.fuel for s in sizes]
    return {"sizes": [s.n for s in sizes], "seconds": seconds, "fuel": fuel, "fuel_exponent": slope(fuel),
            "time_exponent": slope(seconds)}

def verdict(row, found):
    limit = BOUNDS[row["bound"]][0] + SLACK
    over = [name for name in ("fuel", "time") if (found[f"{name}_exponent"] or 0) > limit]
    return "FAIL " + " and ".join(over) if over else "ok"

# ---- the table ------------------------------------------------------------------------------------------------------

def exports():
    """Every exported function of the newest library version."""
    newest = max(STDLIB.iterdir(), key=lambda p: [int(x) for x in p.name.split(".")])
    trees = (json.loads(p.read_text()) for p in newest.joinpath("modules").rglob("*.x07.json"))
    return sorted({name for tree in trees for decl in tree["decls"] if decl["kind"] == "export" for name in decl["names"]})

def calls(tree):
    if isinstance(tree, list):
        yield from (part for part in tree if isinstance(part, str))
        for part in tree:
            yield from calls(part)

def title(row):
    return row["operation"] + (f" ({row['case']})" if row.get("case") else "")

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", default=str(REPOSITORY / "target" / "release"))
    p.add_argument("--only", default="*")
    p.add_argument("--target-ms", type=float, default=20)
    p.add_argument("--repeat", type=int, default=3)
    p.add_argument("--module-root", action="append", default=[])
    p.add_argument("--json")
    p.add_argument("--list", action="store_true")
    opts = p.parse_args()
    table = json.loads((HERE / "complexity.json").read_text())["rows"]
    rows = [r for r in table if any(fnmatch.fnmatch(r["operation"], pattern) for pattern in opts.only.split(","))]
    if opts.list:
        print("\n".join(f"{r['bound']:8} {title(r)}" for r in rows))
        called = {name for r in table for name in calls([r.get("setup", []), r["round"]])}
        print("\nwithout a row of their own or a part in another:\n  " + "\n  ".join(sorted(set(exports()) - called)))
        return 0
    results, failed = [], 0
    print(f"{'bound':8} {'fuel':>6} {'time':>6} {'us at 8n':>10}  operation")
    for row in rows:
        with tempfile.TemporaryDirectory(prefix="x07complexity-") as name:
            folder = Path(name)
            exe, error = build(row, opts, folder)
            try:
                found = measure(exe, folder, row, opts) if exe else {"error": error}
            except Trapped as trap:
                found = {"error": f"trap: {trap}"}
        results.append({**row, **found})
        if "error" in found:
            failed += 1
            print(f"{row['bound']:8} {'':>6} {'':>6} {'':>10}  {title(row)}: FAIL {found['error'][:400]}", flush=True)
            continue
        what = verdict(row, found)
        failed += what != "ok"
        slopes = ["    - " if found[k] is None else f"{found[k]:6.2f}" for k in ("fuel_exponent", "time_exponent")]
        last = found["seconds"][-1]
        print(f"{row['bound']:8} {slopes[0]} {slopes[1]} {'-' if last is None else f'{last * 1e6:.2f}':>10}  {title(row)}: {what}", flush=True)
    if opts.json:
        Path(opts.json).write_text(json.dumps(results, indent=1) + "\n")
    print(f"{len(rows) - failed} of {len(rows)} rows within their bounds")
    return 1 if failed else 0

if __name__ == "__main__":
    sys.exit(main())
