#!/usr/bin/env bash
# Makes reports of several commands and clicks through them in a headless browser: zoom, events, packets, filter, slider,
# keys, both themes, a telephone's width, paper, axe, 100,000 events. Needs node, npm and Chromium; installs Chromium.
# Usage: bash ci/report.sh [FOLDER]   pages and screenshots are left in FOLDER; target/report when not given
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh
. ci/report/modules.sh

target=${CARGO_TARGET_DIR:-target}
out=${1:-$target/report}
mkdir -p "$out"
out=$(cd "$out" && pwd)
browser_modules

cargo build --locked --quiet --bin vrrplab
vrrplab=$target/debug/vrrplab
# A command that finds something ends with 1 or 3; only a page that is missing is a failure.
page() {
    local name=$1
    shift
    rm -f "$out/$name.html"
    timeout 300 "$vrrplab" "$@" --report "$out/$name.html" >"$out/$name.log" 2>&1 || true
    [ -s "$out/$name.html" ] || {
        echo "no page of: vrrplab $*" >&2
        cat "$out/$name.log" >&2
        exit 1
    }
}

scenario() {
    cat <<YAML
name: "$1"
duration: $2
networks:
  lan:
nodes:
  r1:
    interfaces: {eth0: {network: lan, addresses: [10.0.0.1/24]}}
    keepalived: pair.conf
  r2:
    interfaces: {eth0: {network: lan, addresses: [10.0.0.2/24]}}
    keepalived: pair.conf
clients:
YAML
    local n
    for n in 1 2 3 4; do
        echo "  c$n: {network: lan, address: 10.0.0.2$n/24, ping: 10.0.0.100, every: 100ms, timeout: 500ms}"
    done
    [ "$3" = 0 ] || echo "timeline:"
    for n in $(seq 20 40 "$3"); do
        printf '  - {at: %ss, do: {crash: r2}}\n  - {at: %ss, do: {start: r2}}\n' "$n" "$((n + 15))"
    done
}
cat >"$out/pair.conf" <<'CONF'
vrrp_instance VI {
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        10.0.0.100/24
    }
}
CONF
scenario large 1250s 1200 >"$out/large.yaml"
scenario '<b class=evil>{{ x }}</script><img src=x onerror=alert(1)>' 30s 0 | sed 's/c1:/"<b class=evil>c1":/' >"$out/hostile.yaml"

page split-brain run scenarios/split-brain.yaml --quiet
page large run "$out/large.yaml" --quiet
page hostile run "$out/hostile.yaml" --quiet
page certify certify scenarios/basics/master-crash.yaml --limit 5s --jobs 2
page analyze analyze captures/golden/split-brain.pcapng
page test test scenarios/basics
page verify verify captures/recordings/p01_basic2
page explore explore scenarios/split-brain.yaml --seeds 0..64 --no-shrink --out "$out/explored"

node ci/report/drive.mjs "$out"
