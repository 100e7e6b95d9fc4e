#!/usr/bin/env python3
"""Measure what bench/ has no column for: a small program's cold build and warm run, a large build's own memory, and
builds of some milliseconds so often that a figure is not the time in which the disk gave the tools themselves back.

Usage: bench_small.py --bin DIR --modules N --json FILE
"""
import argparse, json, os, statistics, struct, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "bench" / "programs" / "word_count.x07.json"
COLD_BUILDS = 7
WARM_RUNS = 41
IDLE_ROUNDS = 15


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


def generate(home, modules):
    """The trees of bench/build.py below `tree`: x07, c, rust."""
    command = [sys.executable, str(ROOT / "bench" / "build.py"), "--generate", str(home / "tree"), "--sizes", str(modules)]
    subprocess.run(command, check=True)


def idle_builds(x07, home, modules):
    """Median wall times, in turns, of builds without a change and with nothing but new time stamps; ninja's without a
    change."""
    generate(home, modules)
    sources = [path for path in (home / "tree" / "x07" / "src").rglob("*") if path.is_file()]
    # What an unchanged tree costs ninja does not depend on the flags, and building it does.
    rules = home / "tree" / "c" / "build.ninja"
    rules.write_text(rules.read_text().replace("-O2", "-O0"))
    env = dict(os.environ, X07_CACHE_DIR=str(home / "cache"))
    project = str(home / "tree" / "x07" / "x07.json")
    ours = {
        profile: [x07, "--quiet", "build", "--project", project, "--out", str(home / profile), *flags]
        for profile, flags in (("dev", []), ("release", ["--release"]))
    }
    theirs = ["ninja", "-C", str(rules.parent)]
    for command in [*ours.values(), theirs]:
        milliseconds(command, env, home)
        time.sleep(0.1)
        milliseconds(command, env, home)
    samples = {"ninja": []} | {profile: {"noop": [], "touch": []} for profile in ours}
    for _ in range(IDLE_ROUNDS):
        samples["ninja"].append(milliseconds(theirs, env, home))
        for profile, command in ours.items():
            samples[profile]["noop"].append(milliseconds(command, env, home))
            for path in sources:
                os.utime(path)
            # Stamps of this very moment prove nothing to the build after the next.
            time.sleep(0.1)
            samples[profile]["touch"].append(milliseconds(command, env, home))
            milliseconds(ours["release" if profile == "dev" else "dev"], env, home)
    middle = lambda value: {key: middle(part) for key, part in value.items()} if isinstance(value, dict) else statistics.median(value)
    return middle(samples)


def build_memory(x07, home, modules):
    """Peak memory in MiB of a cold dev build of so many modules."""
    generate(home, modules)
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
    measurements = {
        "word_count": lambda home: word_count(x07, home),
        "peak_mib": lambda home: build_memory(x07, home, options.modules),
        "idle_ms": lambda home: idle_builds(x07, home, options.modules),
    }
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
