#!/usr/bin/env python3
"""Measure what bench/ has no column for: a small program's cold build and warm run, and a large build's own memory.

Usage: bench_small.py --bin DIR --modules N --json FILE
"""
import argparse, json, os, statistics, struct, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "bench" / "programs" / "word_count.x07.json"
COLD_BUILDS = 7
WARM_RUNS = 41


def milliseconds(command, env, cwd):
    began = time.perf_counter()
    subprocess.run(command, env=env, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1e3


def word_count(x07, home):
    """Median wall times of a build with an empty cache, and of a run when everything is there."""
    selection = ["--program", str(PROGRAM), "--world", "solve-pure"]
    (home / "input").write_bytes(struct.pack("<I", 1) + b"a few words\nand a few more\n")
    cold = []
    for number in range(COLD_BUILDS):
        env = dict(os.environ, X07_CACHE_DIR=str(home / f"cold-{number}"))
        cold.append(milliseconds([x07, "--quiet", "build", *selection, "--out", str(home / "word_count")], env, home))
    env = dict(os.environ, X07_CACHE_DIR=str(home / "warm"))
    run = [x07, "--quiet", "run", *selection, "--input", str(home / "input")]
    milliseconds(run, env, home)
    warm = [milliseconds(run, env, home) for _ in range(WARM_RUNS)]
    return {"cold_ms": statistics.median(cold), "warm_ms": statistics.median(warm)}


def peak_of(process):
    """The largest resident set of the process itself, its children left out: the kernel counts them in when asked later."""
    peak = 0
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        try:
            lines = status.read_text().splitlines()
        except OSError:
            break
        peak = max([peak] + [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")])
        time.sleep(0.002)
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return peak / 1024


def build_memory(x07, home, modules):
    """Peak memory in MiB of a cold dev build of so many modules."""
    generate = [sys.executable, str(ROOT / "bench" / "build.py"), "--generate", str(home / "tree"), "--sizes", str(modules)]
    subprocess.run(generate, check=True)
    command = [x07, "--quiet", "build", "--project", str(home / "tree" / "x07" / "x07.json"), "--out", str(home / "program")]
    return peak_of(subprocess.Popen(command, env=dict(os.environ, X07_CACHE_DIR=str(home / "memory"))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--modules", type=int, required=True)
    parser.add_argument("--json", required=True)
    options = parser.parse_args()
    x07 = str(Path(options.bin).resolve() / "x07")
    results, failures = {}, 0
    measurements = {"word_count": lambda home: word_count(x07, home), "peak_mib": lambda home: build_memory(x07, home, options.modules)}
    for name, measure in measurements.items():
        with tempfile.TemporaryDirectory(prefix="x07bench-") as home:
            try:
                results[name] = measure(Path(home))
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"FAILED {name}: {error}")
                failures += 1
    Path(options.json).write_text(json.dumps(results, indent=1))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
