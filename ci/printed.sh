#!/usr/bin/env bash
# Prints every recorded configuration by `vrrplab print` and asks the real keepalived 2.2.7 what it understands of the first
# text and of the printed one: the settings that its daemon dumps must be the same, and `keepalived -t` must be content.
# Prints "N understood as before, N otherwise"; exits 1 on a difference, 2 when it cannot ask.
# Usage: bash ci/printed.sh [PART OF A NAME ...]
set -euo pipefail
root=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
cargo build --locked --quiet --manifest-path "$root/Cargo.toml" --bin vrrplab
target=$(cargo metadata --manifest-path "$root/Cargo.toml" --no-deps --format-version 1 |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
exec bash "$root/ci/keepalived-t.sh" --printed "$target/debug/vrrplab" "$@"
