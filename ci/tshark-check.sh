#!/usr/bin/env bash
# Has Wireshark's dissectors judge the golden captures: nothing malformed, no bad checksum, every interface named, and
# every VRRP packet with TTL 255 and TOS 0xc0. Prints what was counted; exits 1 on any finding and when there is
# nothing to check.
# Usage: bash ci/tshark-check.sh [FILE.pcapng ...]     (default: captures/golden/*.pcapng)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh

if ! command -v tshark >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        install_packages tshark
    elif [ -n "${CI:-}" ]; then
        echo "tshark is missing and cannot be installed here" >&2
        exit 1
    else
        echo "tshark is missing: captures not checked (CI does)"
        exit 0
    fi
fi

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

read_capture() {
    tshark -n -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -r "$@" 2>/dev/null
}

bad=0
# refuse FILE WHAT FILTER: no frame of FILE may match FILTER.
refuse() {
    local found
    found=$(read_capture "$1" -Y "$3" -T fields -e frame.number) || { echo "$1: tshark cannot read it ($2)" >&2; bad=1; return; }
    if [ -n "$found" ]; then
        echo "$1: $2: frames $(echo "$found" | head -n 10 | tr '\n' ' ')" >&2
        bad=1
    fi
}
count() {
    { read_capture "$1" -Y "$2" -T fields -e frame.number || true; } | wc -l
}

total=0
for file in "${files[@]}"; do
    # Status 0 is "bad"; 1 is "good", 2 "unverified", 3 "not present".
    refuse "$file" "malformed" "_ws.malformed"
    refuse "$file" "bad IPv4 checksum" "ip.checksum.status == 0"
    refuse "$file" "bad VRRP checksum" "vrrp.checksum.status == 0"
    refuse "$file" "bad TCP checksum" "tcp.checksum.status == 0"
    refuse "$file" "bad UDP checksum" "udp.checksum.status == 0"
    refuse "$file" "bad ICMP checksum" "icmp.checksum.status == 0 || icmpv6.checksum.status == 0"
    refuse "$file" "VRRP over IPv4 with another TTL than 255" "vrrp && ip && !(ip.ttl == 255)"
    refuse "$file" "VRRP over IPv4 with another TOS than 0xc0" "vrrp && ip && !(ip.dsfield == 0xc0)"
    refuse "$file" "VRRP over IPv6 with another hop limit than 255" "vrrp && ipv6 && !(ipv6.hlim == 255)"
    refuse "$file" "frame on an interface without a name" "!frame.interface_name"
    frames=$(count "$file" "frame")
    if [ "$frames" -eq 0 ]; then
        echo "$file: no frame in it" >&2
        bad=1
    fi
    interfaces=$({ read_capture "$file" -T fields -e frame.interface_name || true; } | sort -u | paste -sd' ')
    printf '%s: %d frames (%d VRRP, %d ARP, %d ICMP, %d TCP) on %s\n' "$file" "$frames" "$(count "$file" vrrp)" \
        "$(count "$file" arp)" "$(count "$file" 'icmp || icmpv6')" "$(count "$file" tcp)" "$interfaces"
    total=$((total + frames))
done
[ "$bad" -eq 0 ] || exit 1
echo "${#files[@]} captures, $total frames: nothing to object to"
