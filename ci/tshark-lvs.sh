#!/usr/bin/env bash
# Has Wireshark follow the TCP streams of the golden captures of scenarios/lvs, one interface at a time (a capture shows a frame at its
# sender and at each receiver). What it marks (tcp.analysis.flags: retransmissions, duplicates, gaps) must be a consequence of a
# fault of the scenario, named below. Checksums and malformed frames are the business of tshark-check.sh, of these captures too.
# Exits 1 on any finding and when there is nothing to check.
# Usage: bash ci/tshark-lvs.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh
provide_tshark

# allowed CAPTURE INTERFACE: whether its streams may look damaged there, and why.
allowed() {
    case "$1 $2" in
    # The cable of rs1 is cut, or it loses power: openings to it are sent again, by the checks and by the client.
    "checkers-child-killed "* | "killed-daemon "* | "nat-server-dies "* | "life-of-a-director "*) ;;
    # A daemon that was killed takes the address away when it starts again, until it is MASTER.
    "sorry-server-left-behind c1:eth0" | "sorry-server-left-behind lb1:eth0") ;;
    # Answers that miss the director reach the client from a stranger, and are sent again.
    "nat-wrong-gateway "*) ;;
    # One arm: the director's interface sees each packet twice, on its way in and on its way out to the server.
    "dr lb1:eth0" | "dr-arp-problem lb1:eth0" | "tun-across-router lb1:eth0") ;;
    # The server behind the router loses power: openings are sent again, in and beside the tunnel.
    "tun-across-router c1:eth0" | "tun-across-router router:"*) ;;
    # The director loses power.
    "persistence-forgotten "* | "persistence-synced "*) ;;
    # A mail server that greets 3 s late speaks to a checker that has hung up.
    "smtp-check lb1:eth1" | "smtp-check rs2:eth0") ;;
    # A silent server: openings of checks are sent again.
    "director-fast-clock "*) ;;
    *) return 1 ;;
    esac
}

# judge CAPTURE: one line for each interface whose streams look damaged without a fault.
judge() {
    local file=captures/golden/$1.pcapng single interface marks bad=0
    single=$(mktemp)
    for interface in $(tshark -n -r "$file" -Y tcp -T fields -e frame.interface_name 2>/dev/null | sort -u); do
        allowed "$1" "$interface" && continue
        tshark -n -r "$file" -Y "frame.interface_name == \"$interface\"" -w "$single" 2>/dev/null
        marks=$(tshark -n -r "$single" -Y tcp.analysis.flags 2>/dev/null | sed 's/^/    /')
        if [ -n "$marks" ]; then
            printf '%s at %s, which no fault explains:\n%s\n' "$file" "$interface" "$marks"
            bad=1
        fi
    done
    rm -f "$single"
    return $bad
}
export -f allowed judge

names=()
for scenario in scenarios/lvs/*.yaml; do
    name=$(basename "$scenario" .yaml)
    if [ -f "captures/golden/$name.pcapng" ]; then
        names+=("$name")
    fi
done
if [ ${#names[@]} -eq 0 ]; then
    echo "no golden capture of scenarios/lvs found" >&2
    exit 1
fi
printf '%s\0' "${names[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'judge "$1"' judge || {
    echo "some of ${#names[@]} captures have streams that no fault explains" >&2
    exit 1
}
echo "${#names[@]} captures of virtual servers: every damaged stream has its fault"
