#!/usr/bin/env bash
# Fuzzes one target with the compiler at hand, stable or not, with the instrumentation that `cargo fuzz` asks for.
# Usage: bash engine/formats/fuzz/run.sh TARGET [libFuzzer options], for instance: keepalived_conf -max_total_time=900
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=${1:?which target: keepalived_conf, standby_ios or scenario_yaml}
shift
bash "$here/seeds.sh" "$target"
cd "$here"
host=$(rustc -vV | sed -n 's/^host: //p')
# With --target the flags are for the fuzzed crates alone, not for build scripts and macros.
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing"
cargo build --locked --release --target "$host" --bin "$target"
mkdir -p "corpus/$target" "artifacts/$target"
exec "${CARGO_TARGET_DIR:-target}/$host/release/$target" -artifact_prefix="artifacts/$target/" -dict="seeds/$target.dict" \
    "$@" "corpus/$target" "kept/$target" "seeds/$target"
