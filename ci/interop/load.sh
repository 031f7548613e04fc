# Part of ci/interop.sh, which sources it: what 1, 100 and 500 instances cost vrrplabd and keepalived, both at once, each alone on
# its segment and master of everything with adverts every second. Nothing is asserted but that all are master.

# usage LAB: KiB and hundredths of a second of all processes of a together
usage() {
    local pid kib=0 busy=0 own
    for pid in $(ip netns pids "$prefix-$1-a"); do
        own=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
        kib=$((kib + own))
        busy=$((busy + $(awk '{ print $14 + $15 }' "/proc/$pid/stat")))
    done
    echo "$kib $busy"
}
# jitter LAB FROM: how much the time between two adverts of a virtual router differs from a second, p50 and p99 in milliseconds
jitter() {
    awk '/^[0-9]/ { if (line != "") print line; line = $0; next } { line = line " " $0 } END { print line }' "$out/$1.cap" |
        awk -v from="$2" '$1 >= from && /Advertisement/' |
        sed -nE 's/^([0-9.]+) .*ethertype (IPv[46]).*vrid ([0-9]+),.*/\1 \2-\3/p' |
        awk '{ if ($2 in last) { d = $1 - last[$2] - 1; printf "%.3f\n", (d < 0 ? -d : d) * 1000 } last[$2] = $1 }' | sort -n |
        awk '{ d[NR] = $1 } END { print (NR ? d[int(NR * 0.5) + 1] : "-"), (NR ? d[int(NR * 0.99) + 1] : "-") }'
}
# burden LAB KIND COUNT: measures for LOAD_SECONDS
burden() {
    local lab=$1 kind=$2 count=$3 addresses from before after
    lab_up "$lab"
    many "$lab" a 150 "$count"
    addresses=$((count - count / 2 + count / 2 * 2))
    start "$lab" a "$kind"
    note "$lab" "master of $count" within 60 has "$lab" a "$addresses"
    sleep 3 # announcements are repeated
    from=$EPOCHREALTIME before=$(usage "$lab")
    sleep "${LOAD_SECONDS:-30}"
    after=$(usage "$lab")
    echo "$count $kind ${after% *} $((${after#* } - ${before#* }))0 $(jitter "$lab" "$from")" >"$out/$lab.load"
    stop "$lab" a
    within 5 gone "$lab" a || true
}
load() {
    local count kind
    for count in 1 100 500; do
        for kind in vrrplabd keepalived; do
            tell burden "load-$kind-$count" $kind $count
        done
        all_end
    done
    echo "instances, program, memory of all its processes in KiB, processor time in ${LOAD_SECONDS:-30} s in ms, jitter p50 and p99 in ms"
    cat "$out"/load-*.load | sort -n | column -t
}
