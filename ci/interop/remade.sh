# Part of ci/interop.sh, which sources it: an interface that is removed, made again, has another MAC or another name. vrrplabd and
# keepalived live through the same story, each in a lab of its own, and must look the same after each step.

# remade LAB MODE: both programs, with MODE pass or vmac
remade() {
    local lab=$1 mode=$2 kind pids=() step
    for kind in vrrplabd keepalived; do
        remade_story "$lab-$kind" "$mode" "$kind" &
        pids+=("$!")
    done
    for kind in "${pids[@]}"; do wait "$kind" || true; done
    while read -r step; do
        note "$lab" "$step" diff "$out/$lab-keepalived.$step" "$out/$lab-vrrplabd.$step"
    done <"$out/$lab-keepalived.steps"
    note "$lab" "both came to the end" diff "$out/$lab-keepalived.steps" "$out/$lab-vrrplabd.steps"
    # what keepalived was seen to do, so that both being wrong in the same way is noticed
    local mac=02:00:00:00:02:01
    [ "$mode" = pass ] || mac=00:00:5e:00:01:33
    note "$lab" "adverts of the new interface come from the right MAC" \
        grep -qx "advert $mac 150" "$out/$lab-vrrplabd.made-again"
}

# remade_story LAB MODE KIND
remade_story() {
    local lab=$1 mode=$2 kind=$3 space="$prefix-$1-a" from vip=10.9.0.100
    : >"$out/$lab.steps"
    lab_up "$lab"
    configure "$lab" "$mode"
    start "$lab" a "$kind"
    from=$EPOCHREALTIME
    # looks NAME: links and addresses (no IPv6, no numbers), and what was heard since the last look
    looks() {
        {
            ip -n "$space" -br link show | awk '$1 !~ /^lo$/ {sub("@.*", "", $1); print $1, $3}'
            ip -n "$space" -o -4 addr show | awk '$2 != "lo" {print $2, $4}'
            adverts "$lab" | awk -v from="$from" '$1 >= from {print "advert", $2, $4}' | sort -u
            awk -v from="$from" '$1 >= from && /who-has 10.9.0.100 \(ff:ff:ff:ff:ff:ff\)/ {print "announcement", $2}' \
                "$out/$lab.cap" | sort -u
        } >"$out/$lab.$1"
        echo "$1" >>"$out/$lab.steps"
        from=$EPOCHREALTIME
    }
    # what was on its way before a change says nothing of it
    now() { from=$EPOCHREALTIME; }
    master() { within 9 holds "$lab" a $vip && sleep 1.3; }
    again() { # again NUMBER up|down
        ip -n "$space" link add eth0 address "02:00:00:00:0$1:01" type veth peer name "new$1" netns "$prefix-$lab-hub"
        ip -n "$prefix-$lab-hub" link set "new$1" master br0 up
        ip -n "$space" addr add 10.9.0.1/24 dev eth0
        ip -n "$space" link set eth0 "$2"
    }
    master
    looks elected
    ip -n "$space" link del eth0 && now
    sleep 2
    looks removed
    again 2 up
    master
    looks made-again
    ip -n "$space" link set eth0 address 02:00:00:00:03:01 && now
    sleep 6
    looks another-mac
    ip -n "$space" link set eth0 down && now
    sleep 0.5
    looks down # its release cannot leave
    ip -n "$space" link del eth0 && now
    again 4 down
    sleep 1
    looks made-again-down
    ip -n "$space" link set eth0 up
    master
    looks up
    ip -n "$space" link del eth0 && now
    again 5 up
    sleep 1
    looks removed-and-made-at-once
    master
    looks elected-again
    ip -n "$space" link set eth0 name old0 && now
    sleep 1.5
    looks renamed
    ip -n "$space" link set old0 down
    ip -n "$space" link set old0 name eth0
    ip -n "$space" link set eth0 up
    master
    looks has-its-name-back
    if [ "$mode" = vmac ]; then
        ip -n "$space" link del vrrp.51 && now
        sleep 1
        looks macvlan-removed
        master
        looks macvlan-made-again
    fi
    stop "$lab" a
    sleep 2.5
    looks stopped
}
