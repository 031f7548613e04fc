#!/usr/bin/env bash
# Builds the simulator for WebAssembly and the playground around it, holds its answers against the native simulator's, and
# clicks through the page in a headless browser: slider, editor, errors, links, keys, themes, axe, time.
# Needs node, npm and Chromium, and Debian's packages of a Rust compiler for WebAssembly where the toolchain has no such target.
# Usage: bash ci/playground.sh [FOLDER]   the page and screenshots are left in FOLDER; target/playground when not given
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh
. ci/wasm.sh
. ci/report/modules.sh

target=${CARGO_TARGET_DIR:-target}
out=${1:-$target/playground}
mkdir -p "$out" "$target/wasm"
out=$(cd "$out" && pwd)
target=$(cd "$target" && pwd)

from=$SECONDS
simulator=(-p vrrplab-playground --lib --no-default-features)
if libdir=$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) && [ -d "$libdir" ]; then
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C link-arg=-zstack-size=4194304" \
        CARGO_TARGET_DIR="$target/wasm/build" CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=true CARGO_PROFILE_RELEASE_OPT_LEVEL=s \
        cargo build --locked --quiet --release --target wasm32-unknown-unknown "${simulator[@]}"
elif wasm_tools "$target/wasm/tools"; then
    wasm_build "$target/wasm/tools" "$target/wasm/build" --quiet "${simulator[@]}"
else
    echo "no compiler for WebAssembly: neither has the toolchain the target, nor are there Debian's packages" >&2
    [ -z "${CI:-}" ] || exit 1
    echo "the playground is not checked (CI does)"
    exit 0
fi
module=$target/wasm/build/wasm32-unknown-unknown/release/vrrplab_playground.wasm
gzip -9 -n -c "$module" | base64 -w 0 >"$out/simulator.txt"
echo "simulator: $(wc -c <"$module") bytes, $(wc -c <"$out/simulator.txt") packed, built in $((SECONDS - from)) s"

cargo build --locked --quiet -p vrrplab-playground --bin vrrplab-playground
playground=$target/debug/vrrplab-playground
"$playground" page scenarios "$out/simulator.txt" "$out/playground.html"
"$playground" questions scenarios >"$out/questions.txt"
"$playground" answers scenarios >"$out/answers.txt"
node ci/playground/same.mjs "$module" "$out/questions.txt" "$out/answers.txt"

browser_modules
node ci/playground/drive.mjs "$out"
