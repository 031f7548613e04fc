#!/bin/bash
# One shard of an exploration as a task of a Slurm array. From the folder of the scenario:
#   export SCENARIO=site.yaml SEEDS=0..1000000 VRRPLAB_SHARDS=64
#   job=$(sbatch --parsable --array=0-63 slurm.sh)
#   sbatch --dependency=afterany:$job --wrap 'vrrplab merge explored/shard-*.jsonl --out all.jsonl --runs runs.jsonl'
# With VRRPLAB_SHARDS a part of the array may be submitted again (--array=5,17): without, Slurm would count those only. What
# is finished is skipped, so that the whole array may be submitted again too.
# OUT: the folder of the summaries, on a disk that all nodes share (explored). OPTIONS: more for `explore`.
# VRRPLAB: the program, if it is not in PATH.
#SBATCH --job-name=vrrplab
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=vrrplab-%A_%a.log
set -euo pipefail
: "${SCENARIO:?which scenario?}" "${SEEDS:?which seeds, such as 0..1000000?}"
read -ra options <<<"${OPTIONS:-}"

code=0
"${VRRPLAB:-vrrplab}" explore "$SCENARIO" --seeds "$SEEDS" --shard auto --jobs "${SLURM_CPUS_PER_TASK:-1}" --no-shrink \
    --runs --out "${OUT:-explored}" "${options[@]}" || code=$?
# 1 says that seeds have failed: `merge` tells of them, and playing them again would find the same
[ "$code" = 0 ] || [ "$code" = 1 ] || exit "$code"
