# Part of ci/interop.sh, which sources it: the start-up script makes the interface, is overtaken by signals, takes too long, or does not
# help. Each story is lived through by vrrplabd and by keepalived, and what can be seen of both is the same.

# startup LAB
startup() {
    local lab=$1 story kind pids=()
    for story in makes useless slow term hup; do
        for kind in vrrplabd keepalived; do
            startup_story "$lab-$story-$kind" "$story" "$kind" &
            pids+=("$!")
        done
    done
    for story in "${pids[@]}"; do wait "$story" || true; done
    for story in makes useless slow term hup; do
        note "$lab" "$story" diff "$out/$lab-$story-keepalived.seen" "$out/$lab-$story-vrrplabd.seen"
    done
    note "$lab" "the interface that the script makes is used" grep -q 10.9.0.100 "$out/$lab-makes-vrrplabd.seen"
    note "$lab" "SIGTERM ends the script and is no failure" \
        test "$(grep -Ec 'script was told to end|ended with 0' "$out/$lab-term-vrrplabd.seen")" = 2
}

# startup_story LAB STORY KIND: what is seen goes to LAB.seen
startup_story() {
    local lab=$1 story=$2 kind=$3 space="$prefix-$1-a" work="$out/$1.d" makes=eth0 takes=1 allowed=10 status=0 daemon
    mkdir -p "$work"
    remove "$space" # of an earlier round
    ip netns add "$space"
    ip -n "$space" link set lo up
    case $story in
    useless) makes=eth7 ;;
    slow) takes=20 allowed=2 ;;
    term | hup) takes=20 ;;
    esac
    cat >"$work/up" <<END
#!/bin/sh
echo begins >>$work/told
trap 'kill \$!; echo script was told to end >>$work/told; exit 0' TERM
sleep $takes &
wait
ip link add $makes type veth peer name $makes-peer
ip addr add 10.9.0.1/24 dev $makes
ip link set $makes-peer up
ip link set $makes up
echo done >>$work/told
END
    printf '#!/bin/sh\necho shutdown >>%s\n' "$work/told" >"$work/down"
    chmod +x "$work/up" "$work/down"
    cat >"$out/$lab-a.conf" <<END
global_defs {
    script_user root
    startup_script $work/up
    startup_script_timeout $allowed
    shutdown_script $work/down
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        10.9.0.100/24
    }
}
END
    # (a daemon that start starts is no child of this shell, and its status is wanted)
    case $kind in
    vrrplabd) daemon=("$VRRPLABD" --config "$out/$lab-a.conf" --control none) ;;
    keepalived) daemon=(keepalived -n -l -D -P -f "$out/$lab-a.conf" -p "$out/$lab-a.pid" -r "$out/$lab-a-vrrp.pid") ;;
    esac
    ip netns exec "$space" "${daemon[@]}" >>"$out/$lab-a.log" 2>&1 &
    echo $! >"$out/$lab-a.main"
    case $story in
    makes)
        within 15 holds "$lab" a 10.9.0.100 || true
        ip -n "$space" -o -4 addr show | awk '$2 != "lo" {print $2, $4}' >"$out/$lab.seen"
        stop "$lab" a
        ;;
    term) within 8 grep -q begins "$work/told" && sleep 0.3 && stop "$lab" a ;;
    hup) within 8 grep -q begins "$work/told" && sleep 0.3 && kill -HUP "$(<"$out/$lab-a.main")" ;;
    esac
    wait "$(<"$out/$lab-a.main")" || status=$?
    sleep 0.3 # a script that is not waited for says its last word
    {
        sort "$work/told"
        echo "ended with $status"
        ip -n "$space" -br link | awk '{print $1}'
    } >>"$out/$lab.seen"
}
