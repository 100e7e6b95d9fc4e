#!/usr/bin/env bash
# Measures the toolchain against plain C and against ninja with cc, in one run, and prints one row per target.
#
#   scripts/bench.sh [--bin DIR] [--repeat N] [--keep DIR] [--quick | --smoke]
#
#   --bin     binaries that are built already; without it they are built in release
#   --repeat  rounds per build measurement (default 3)
#   --keep    leave the single measurements here, as JSON
#   --quick   one round of each build, 3 of each workload
#   --smoke   toy sizes, once: shows that everything runs, the figures mean nothing
#
# Needs python3, ninja and a C compiler. Takes about half an hour on an idle machine.
set -euo pipefail
cd "$(dirname "$0")/.."

bin="" keep="" repeat=3 rounds=7 scale=1 modules=1000 many=3000
while (($#)); do
  case $1 in
    --bin) bin=${2:?--bin needs a folder} && shift 2 ;;
    --keep) keep=${2:?--keep needs a folder} && shift 2 ;;
    --repeat) repeat=${2:?--repeat needs a number} && shift 2 ;;
    --quick) repeat=1 rounds=3 && shift ;;
    --smoke) repeat=1 rounds=1 scale=0.001 modules=12 many=36 && shift ;;
    -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" && exit ;;
    *) echo "$0: unknown argument $1" >&2 && exit 2 ;;
  esac
done

for tool in python3 ninja "${CC:-cc}"; do
  command -v "$tool" >/dev/null || { echo "$0: $tool is needed and is not installed" >&2; exit 2; }
done
if [ -z "$bin" ]; then
  cargo build --release --quiet -p x07-cli -p x07-runner
  bin=${CARGO_TARGET_DIR:-target}/release
fi
bin=$(cd "$bin" && pwd)

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
if [ -n "$keep" ]; then
  mkdir -p "$keep"
  results=$(cd "$keep" && pwd)
  trap - EXIT
fi

# Each measurement has a cache of its own, and the compiler that the yardstick has.
unset X07_CACHE_DIR X07_NATIVE_CACHE_DIR X07_CC X07_CC_ARGS X07_KEEP_C X07_MAX_AST_NODES X07_MAX_C_BYTES X07_MAX_LOCALS
unset MAKEFLAGS CARGO_MAKEFLAGS

# A measurement that failed is a row without a figure, and a status at the end.
status=0
section() { printf '\n%s\n\n' "$1"; }

section "Native speed, release, against plain C"
workloads=$(python3 bench/runtime.py --list | awk '$1 != "async_sum" && $1 != "chan_pipeline" { print $1 }' | paste -sd,)
python3 bench/runtime.py --bin "$bin" --only "$workloads" --rounds "$rounds" --scale "$scale" --overhead 0 \
  --json "$results/runtime.json" || status=1

# Whoever makes a file on ext4 steps over each inode that was deleted in the last half minute, and this ends with the
# removal of whole trees.
python3 scripts/bench_small.py --bin "$bin" --modules "$modules" --json "$results/small.json" || status=1
[ "$scale" != 1 ] || sleep 40

build="{bin}/x07 --quiet build --project {project} --out {out}"
for profile in dev release; do
  case $profile in
    dev) yardstick=c0 flags="" ;;
    release) yardstick=c flags="--release" ;;
  esac
  section "Builds of $modules modules, $profile, against ninja and cc"
  python3 bench/build.py --bin "$bin" --sizes "$modules" --repeat "$repeat" --yard "$yardstick" \
    --build-cmd "$build --abi framed $flags" --json "$results/$profile.json" || status=1
done

# In memory, because the trees above have just been deleted: what ext4 then does is half of what this would measure.
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
section "Front end alone: parse to C of everything"
TMPDIR=$memory python3 bench/build.py --bin "$bin" --sizes "$modules,$many" --repeat "$repeat" --yard "" --steps cold --no-answer \
  --build-cmd "$build --emit c" --json "$results/front.json" || status=1

section "All rows"
python3 scripts/bench_rows.py "$results" || status=1
exit "$status"
