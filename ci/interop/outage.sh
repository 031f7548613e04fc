# Part of ci/interop.sh, which sources it: what a client feels: the outage of two of each kind, side by side.

# gap LAB FROM: the longest time without an answer since then, in milliseconds
gap() {
    sed -nE 's/^\[([0-9.]+)\].*bytes from.*/\1/p' "$out/$1.ping" |
        awk -v from="$2" '$1 >= from - 0.05 { if (last && $1 - last > most) most = $1 - last; last = $1 }
            END { printf "%.0f\n", most * 1000 }'
}
# after_advert LAB FROM: from the last advert before that time to the end of the longest time without an answer, in
# milliseconds: when in the interval the link failed makes no difference
after_advert() {
    local advert
    advert=$(adverts "$1" | awk -v from="$2" '$1 < from { t = $1 } END { print t }')
    sed -nE 's/^\[([0-9.]+)\].*bytes from.*/\1/p' "$out/$1.ping" |
        awk -v from="$2" -v advert="$advert" '$1 >= from - 0.05 {
                if (last && $1 - last > most) { most = $1 - last; back = $1 }
                last = $1
            } END { printf "%.0f\n", (back - advert) * 1000 }'
}
# phase LAB: returns when an advert has just been sent, so that every measurement begins at the same moment
phase() {
    local before
    before=$(grep -c VRRPv "$out/$1.cap" || true)
    while [ "$(grep -c VRRPv "$out/$1.cap" || true)" = "$before" ]; do sleep 0.01; done
}
# users' pairs, unmodified: name, the two files, virtual address, its network, interface, another one that is asked for
seeds="
basic-vip r1 r2 192.168.1.100 192.168.1 eth0 -
master-backup-pair test01 test02 192.168.100.196 192.168.100 eth0 -
sync-group lb1 lb2 166.166.166.166 166.166.166 eth0 -
tracked-interface gw1 gw2 1.1.100.10 1.1.100 eth0.100 eth0.12
two-nics lv1 lv2 10.0.0.100 10.0.0 eth0 eth1"
# seed_up LAB SEED FILE_OF_A FILE_OF_B NETWORK INTERFACE OTHER: its configurations, and the interfaces that they name
seed_up() {
    local lab=$1 conf=scenarios/seeds/conf/seed-$2 network=$5 interface=$6 other=$7 place number=0
    cp "$conf/$3.conf" "$out/$lab-a.conf"
    cp "$conf/$4.conf" "$out/$lab-b.conf"
    for place in a b c; do
        number=$((number + 1))
        if [ "$interface" != eth0 ]; then
            ip -n "$prefix-$lab-$place" link set eth0 down
            ip -n "$prefix-$lab-$place" link set eth0 name "$interface" up
        fi
        ip -n "$prefix-$lab-$place" addr add "$network.$((number + 20))/24" dev "$interface"
        if [ "$other" != - ] && [ "$place" != c ]; then
            ip -n "$prefix-$lab-$place" link add "$other" type veth peer name far
            ip -n "$prefix-$lab-$place" link set "$other" up
            ip -n "$prefix-$lab-$place" link set far up
        fi
    done
}
# comes_again LAB KIND VIP: the better one comes back, and all is well for a while
comes_again() {
    start "$1" a "$2"
    note "$1" "it comes back" within 8 only "$1" a "$3" b
    sleep 1
    phase "$1"
}
# outage LAB KIND [SEED ..]: two of a kind; SIGTERM, SIGKILL and loss of the link of the master
outage() {
    local lab=$1 kind=$2 seed=${3:-plain} vip=${6:-10.9.0.100} from
    lab_up "$lab"
    if [ "$seed" = plain ]; then configure "$lab" outage; else seed_up "$lab" "$seed" "$4" "$5" "$7" "$8" "$9"; fi
    start "$lab" b "$kind"
    start "$lab" a "$kind"
    note "$lab" "the better one has the address" within 8 only "$lab" a "$vip" b
    sleep 1.2
    in_lab "$lab" c ping -n -D -i 0.01 "$vip" >"$out/$lab.ping" 2>/dev/null &
    sleep 0.5
    phase "$lab"
    from=$EPOCHREALTIME
    stop "$lab" a
    within 4 gone "$lab" a || true
    sleep 1
    echo "$kind $seed:SIGTERM $(gap "$lab" "$from")" >>"$out/$lab.outage"
    comes_again "$lab" "$kind" "$vip"
    from=$EPOCHREALTIME
    murder "$lab" a
    sleep 5
    echo "$kind $seed:SIGKILL $(gap "$lab" "$from")" >>"$out/$lab.outage"
    comes_again "$lab" "$kind" "$vip"
    from=$EPOCHREALTIME
    ip -n "$prefix-$lab-hub" link set to-a down
    sleep 5
    echo "$kind $seed:link-loss $(after_advert "$lab" "$from")" >>"$out/$lab.outage"
    note "$lab" "without a link it gives up the address" lacks "$lab" a "$vip"
    ip -n "$prefix-$lab-hub" link set to-a up
    note "$lab" "with the link it takes it again" within 8 only "$lab" a "$vip" b
    stop "$lab" a
    stop "$lab" b
    note "$lab" "both end" within 4 gone "$lab" a
}

# measure SEED..: two of each kind at once, and nothing else
measure() {
    local kind name seed
    for name in "$@"; do
        seed=()
        [ "$name" = plain ] || read -r -a seed < <(grep "^$name " <<<"$seeds")
        for kind in vrrplabd keepalived; do
            rm -f "$out/outage-$name-$kind".*
            tell outage "outage-$name-$kind" "$kind" "${seed[@]}"
        done
    done
    all_end
}
# outages: what is measured, vrrplabd's and keepalived's, in milliseconds
outages() {
    cat "$out"/*.outage | awk '{ of[$1, $2] = $3; what[$2] = 1 }
        END { for (w in what) print w, of["vrrplabd", w] + 0, of["keepalived", w] + 0 }' | sort
}
# no_longer OURS THEIRS: nothing shorter than two pings is known
no_longer() { [ "$1" -gt 0 ] && [ "$1" -le "$(($2 * 105 / 100 + 20))" ]; }
# outages_compared: measures, and notes what is longer than keepalived's
outages_compared() {
    local longer round what ours theirs
    longer=(plain $(awk '{ print $1 }' <<<"$seeds"))
    # what a busy machine did to one of them is measured again
    for round in 1 2 3; do
        measure "${longer[@]}"
        longer=()
        while read -r what ours theirs; do
            no_longer "$ours" "$theirs" || longer+=("${what%%:*}")
        done < <(outages)
        [ ${#longer[@]} -gt 0 ] || break
        mapfile -t longer < <(printf '%s\n' "${longer[@]}" | sort -u)
        [ "$round" = 3 ] || echo "measured again: ${longer[*]}"
    done
    while read -r what ours theirs; do
        note outage "$what: $ours ms, keepalived's pair $theirs ms" no_longer "$ours" "$theirs"
    done < <(outages)
}
