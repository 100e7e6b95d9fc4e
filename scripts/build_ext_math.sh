#!/usr/bin/env bash
# Builds the native backend x07.math and stages it below deps/x07 of this workspace, or of the folder that is given:
# scripts/build_ext_math.sh [ROOT]. The toolchain carries the backend anyway; a staged one serves other tools.
set -euo pipefail
root=$(realpath "${1:-$(dirname "$0")/..}")
cd "$(dirname "$0")/.."
cargo run --quiet --locked --package x07-native --example stage -- "$root" x07.math
