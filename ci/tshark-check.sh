#!/usr/bin/env bash
# Has Wireshark's dissectors judge the golden captures: nothing malformed, no bad checksum, every interface named, and
# every VRRP packet with TOS 0xc0, and with TTL 255 to the group. Prints what was counted; exits 1 on any finding and when there is
# nothing to check.
# Usage: bash ci/tshark-check.sh [FILE.pcapng ...]     (default: captures/golden/*.pcapng)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh
provide_tshark

if [ $# -gt 0 ]; then
    files=("$@")
else
    shopt -s nullglob
    files=(captures/golden/*.pcapng)
fi
if [ ${#files[@]} -eq 0 ]; then
    echo "no golden capture found under captures/golden" >&2
    exit 1
fi

# judge FILE: one line for a capture without fault, all findings otherwise.
judge() {
    local fields=(frame.number frame.interface_name frame.protocols _ws.malformed ip.checksum.status vrrp.checksum.status
        tcp.checksum.status udp.checksum.status icmp.checksum.status icmpv6.checksum.status ip.ttl ip.dsfield ipv6.hlim ip.dst)
    local columns=()
    for field in "${fields[@]}"; do
        columns+=(-e "$field")
    done
    tshark -n -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -r "$1" \
        -T fields -E separator=/t -E occurrence=a -E aggregator=, "${columns[@]}" 2>/dev/null |
        awk -F '\t' -v file="$1" '
            # Whether one of the values between commas is this.
            function has(values, wanted) { return index("," values ",", "," wanted ",") > 0 }
            function object(what) { if (told[what]++ < 10) found[what] = found[what] " " $1; bad = 1 }
            {
                if (!($2 in seen)) { seen[$2] = 1; interfaces = interfaces " " $2 }
                vrrp = index($3, ":vrrp") > 0
                counts["VRRP"] += vrrp
                counts["ARP"] += index($3, ":arp") > 0
                counts["ICMP"] += index($3, ":icmp") > 0
                counts["TCP"] += index($3, ":tcp") > 0
                if ($2 == "") object("frame on an interface without a name")
                if ($4 != "") object("malformed")
                # Status 0 is "bad"; 1 is "good", 2 "unverified", 3 "not present".
                if (has($5, 0)) object("bad IPv4 checksum")
                if (has($6, 0)) object("bad VRRP checksum")
                if (has($7, 0)) object("bad TCP checksum")
                if (has($8, 0)) object("bad UDP checksum")
                if (has($9, 0) || has($10, 0)) object("bad ICMP checksum")
                # A router may lie between unicast peers.
                if (vrrp && has($14, "224.0.0.18") && !has($11, 255)) object("multicast VRRP with another TTL than 255")
                if (vrrp && $12 != "" && !has($12, "0xc0")) object("VRRP over IPv4 with another TOS than 0xc0")
                if (vrrp && $13 != "" && !has($13, 255)) object("VRRP over IPv6 with another hop limit than 255")
            }
            END {
                if (NR == 0) { print file ": no frame that tshark can read"; exit 1 }
                for (what in found) print file ": " what ": frames" found[what]
                if (bad) exit 1
                printf "%s: %d frames (%d VRRP, %d ARP, %d ICMP, %d TCP) on%s\n", file, NR, counts["VRRP"], \
                    counts["ARP"], counts["ICMP"], counts["TCP"], interfaces
            }'
}
export -f judge

printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'judge "$1"' judge || {
    echo "some of ${#files[@]} captures have faults" >&2
    exit 1
}
echo "${#files[@]} captures: nothing to object to"
