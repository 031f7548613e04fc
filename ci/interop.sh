#!/usr/bin/env bash
# vrrplabd and the real keepalived 2.2.7 on one bridge: they elect, take over from each other after SIGTERM and after
# SIGKILL, and clean up, in every mode and with either of them as the better one. What is asserted comes from the text of
# tcpdump and of `ip addr`. The same with FRR's vrrpd (frr). What goes wrong on a host is done to a running vrrplabd (faults).
# All at once; a story of which something fails is told again, alone, and must hold then.
# Then the outage that a client feels is measured, for two of each kind side by side, with a plain configuration and with
# the users' ones of scenarios/seeds: vrrplabd's may be a twentieth longer than keepalived's. What many instances cost
# beside keepalived is measured by load, and nothing asserted.
# Ends with 'N passed, N failed'; exits 1 when anything failed or nothing was run, 2 when it cannot run.
# Needs Linux, root, and on Debian the right to install what is missing (keepalived, tcpdump, frr and such).
# Everything runs in network namespaces of its own, which are removed at the end, whatever happens.
# Usage: bash ci/interop.sh [MODE ...]     (default: all but load; MODE is pass, ah, v3, v6, unicast, vmac, vmac6, frr,
#        operations, privileges, remade, mail, routes, startup, verdicts, faults, outage, load; faults:crowd is one of the faults)
#        VRRPLABD=path/of/vrrplabd and VRRPLAB=path/of/vrrplab to use binaries that are built already,
#        KEEP=1 to keep logs and captures
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh
started=$SECONDS

if [ "$(id -u)" != 0 ]; then
    echo "namespaces need root: nothing was run" >&2
    exit 2
fi
all=(pass ah v3 v6 unicast vmac vmac6 frr operations privileges mail remade routes startup verdicts faults outage)
modes=("$@")
[ ${#modes[@]} -gt 0 ] || modes=("${all[@]}")
# wanted MODE: whether it is to be run
wanted() { [[ " ${modes[*]%%:*} " == *" $1 "* ]]; }
for mode in "${modes[@]}"; do
    [[ " ${all[*]} load " == *" ${mode%%:*} "* ]] || { echo "unknown mode: $mode" >&2; exit 2; }
done
programs=(keepalived:keepalived tcpdump:tcpdump ip:iproute2 ping:iputils-ping nft:nftables)
! wanted frr || programs+=(/usr/lib/frr/vrrpd:frr)
if wanted faults || wanted mail; then programs+=(python3:python3); fi
provide "${programs[@]}" || exit 2
version=$(keepalived --version 2>&1 || true)
case $version in
*v2.2.7*) ;;
*) echo "this is not keepalived 2.2.7: ${version%%$'\n'*}" >&2; exit 2 ;;
esac
if [ -z "${VRRPLABD:-}" ]; then
    cargo build --locked --quiet --bin vrrplabd
    VRRPLABD="${CARGO_TARGET_DIR:-target}/debug/vrrplabd"
fi
if [ -z "${VRRPLAB:-}" ]; then
    cargo build --locked --quiet --bin vrrplab
    VRRPLAB="${CARGO_TARGET_DIR:-target}/debug/vrrplab"
fi

out=$(mktemp -d)
prefix=vri$$
remove() {
    local pid
    for pid in $(ip netns pids "$1" 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
    ip netns del "$1" 2>/dev/null || true
}
clean() {
    local space
    for space in $(ip netns list | awk '{print $1}' | grep "^$prefix-"); do remove "$space"; done
    ! mountpoint -q "$out/small" || umount "$out/small"
}
trap clean EXIT
trap 'exit 130' INT TERM

for part in ci/interop/*.sh; do
    # shellcheck source=/dev/null
    . "$part"
done

# --- everything at once: a story mostly waits ------------------------------------------------------------------------

wanted_stories() {
    local mode
    for mode in "${modes[@]}"; do
        case $mode in
        faults) faults ;;
        faults:flood) ;;
        faults:*) faults "${mode#*:}" ;;
        frr) frr ;;
        load | outage) ;;
        operations) tell operate operations ;;
        remade)
            tell remade remade-pass pass
            tell remade remade-vmac vmac
            ;;
        privileges | routes | startup | mail | verdicts) tell "$mode" "$mode" ;;
        *)
            tell story "$mode-vk" "$mode" vrrplabd keepalived
            tell story "$mode-kv" "$mode" keepalived vrrplabd
            ;;
        esac
    done
}
wanted_stories
all_end
# on a crowded machine an answer may come too late for its check: alone there is no such excuse
again_alone
# what fills or measures the machine has it alone
if [[ " ${modes[*]} " =~ \ faults(:flood)?\  ]]; then flood; fi
if wanted outage; then outages_compared; fi
if wanted load; then load; fi

cat "$out"/*.results 2>/dev/null | sort -k2,2 -s || true
passed=$(cat "$out"/*.results 2>/dev/null | grep -c '^ok' || true)
failed=$(cat "$out"/*.results 2>/dev/null | grep -c '^FAIL' || true)
clean
if [ "$failed" = 0 ] && [ -z "${KEEP:-}" ]; then rm -rf "$out"; else echo "logs and captures are in $out" >&2; fi
echo "$passed passed, $failed failed ($((SECONDS - started)) s)"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
