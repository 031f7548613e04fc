#!/usr/bin/env bash
# All shards of an exploration by GNU parallel, on this machine or by ssh on others, then the union.
#   SCENARIO=site.yaml SEEDS=0..1000000 VRRPLAB_SHARDS=64 bash parallel.sh [OPTIONS of parallel, such as -S host1,host2]
# Ended half-way, it is simply begun again: what is finished is skipped. Hosts must share the folder, and have vrrplab in PATH.
# OUT: the folder of the summaries (explored). OPTIONS: more for `explore`. VRRPLAB: the program, if it is not in PATH.
set -euo pipefail
: "${SCENARIO:?which scenario?}" "${SEEDS:?which seeds, such as 0..1000000?}" "${VRRPLAB_SHARDS:?how many shards?}"
read -ra options <<<"${OPTIONS:-}"
VRRPLAB=${VRRPLAB:-vrrplab} OUT=${OUT:-explored}
export VRRPLAB_SHARDS

play=$(printf '%q ' "$VRRPLAB" explore "$SCENARIO" --seeds "$SEEDS" --shard auto --jobs 1 --no-shrink --runs --out "$OUT" \
    "${options[@]}")
# 1 says that seeds have failed: `merge` tells of them, and playing them again would find the same
code=0
seq "$VRRPLAB_SHARDS" | parallel --will-cite --env VRRPLAB_SHARDS "$@" "$play >/dev/null; [ \$? -le 1 ] # {}" || code=$?
[ "$code" = 0 ] || { echo "some shards are not finished: begin again" >&2; exit 2; }
"$VRRPLAB" merge "$OUT"/shard-*-of-"$VRRPLAB_SHARDS".jsonl --out "$OUT/all.jsonl" --runs "$OUT/all-runs.jsonl"
