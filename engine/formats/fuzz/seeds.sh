#!/usr/bin/env bash
# Fills seeds/TARGET and the dictionary seeds/TARGET.dict from the texts that the tree holds for other purposes; nothing of it is kept in the tree twice.
# Usage: bash engine/formats/fuzz/seeds.sh TARGET
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$here/../../.." && pwd)
target=${1:?which target}
case "$target" in
keepalived_conf) from=("$tree/captures/keepalived-t" "$tree/engine/formats/tests/conf" "$tree/captures/recordings") like='*.conf' ;;
standby_ios) from=("$here/kept/standby_ios") like='*' ;;
scenario_yaml) from=("$tree/scenarios") like='*.yaml' ;;
*) echo "there is no target $target" >&2; exit 2 ;;
esac
mkdir -p "$here/seeds/$target"
find "${from[@]}" -type f -name "$like" -size -64k -print0 | while IFS= read -r -d '' file; do
    cp "$file" "$here/seeds/$target/$(sha1sum "$file" | cut -c1-16)"
done
# The words of the tables, for the fuzzer to try where it finds nothing by itself.
case "$target" in
keepalived_conf) page=docs/keepalived-conf.md ;;
standby_ios) page=docs/standby.md ;;
scenario_yaml) page=docs/scenario.md ;;
esac
grep -oE '[~@$]?[A-Za-z_][A-Za-z0-9_.-]+' "$tree/$page" | sort -u | sed 's/.*/"&"/' >"$here/seeds/$target.dict"
