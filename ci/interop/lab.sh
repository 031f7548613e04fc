# Part of ci/interop.sh, which sources it: a lab of namespaces on one bridge, its configurations, and its daemons.

# in_lab LAB PLACE COMMAND..
in_lab() {
    local lab=$1 place=$2
    shift 2
    ip netns exec "$prefix-$lab-$place" "$@"
}
# wire LAB PLACE NUMBER: gives it an interface on the bridge
wire() {
    ip -n "$prefix-$1-hub" link add "to-$2" type veth peer name eth0 netns "$prefix-$1-$2"
    ip -n "$prefix-$1-hub" link set "to-$2" master br0 up
    ip -n "$prefix-$1-$2" link set eth0 address "02:00:00:00:00:0$3"
    ip -n "$prefix-$1-$2" addr add "10.9.0.$3/24" dev eth0
    ip -n "$prefix-$1-$2" addr add "fd09::$3/64" dev eth0 nodad
    ip -n "$prefix-$1-$2" link set eth0 up
}
# lab_up LAB [FILTER]: tcpdump writes what passes the filter
lab_up() {
    local lab=$1 filter=${2:-ip proto 112 or ip proto 51 or ip6 or arp or igmp} place number=0
    for place in hub a b c; do
        remove "$prefix-$lab-$place" # of an earlier round
        ip netns add "$prefix-$lab-$place"
        in_lab "$lab" "$place" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
        ip -n "$prefix-$lab-$place" link set lo up
    done
    ip -n "$prefix-$lab-hub" link add br0 type bridge mcast_snooping 0 stp_state 0 forward_delay 0
    ip -n "$prefix-$lab-hub" link set br0 up
    for place in a b c; do
        number=$((number + 1))
        wire "$lab" "$place" "$number"
    done
    in_lab "$lab" hub tcpdump --immediate-mode -s 512 -B 16384 -l -n -e -vv -tt -i br0 "$filter" \
        >"$out/$lab.cap" 2>/dev/null &
}

# with_password TYPE: the same for all
with_password() { printf 'authentication {\n        auth_type %s\n        auth_pass secret12\n    }' "$1"; }
# on_the_lab PRIORITY LINES: how every instance VI_1 on the bridge begins, with lines of its mode
on_the_lab() { printf 'interface eth0\n    virtual_router_id 51\n    priority %s\n    %s' "$1" "$2"; }

# configure LAB MODE: writes a.conf and b.conf; a is the better one.
configure() {
    local lab=$1 mode=$2 place number=0 priority=150 other lines
    for place in a b; do
        number=$((number + 1))
        other=$((3 - number))
        lines=""
        case $mode in
        pass | outage) lines=$(with_password PASS) ;;
        ah) lines=$(with_password AH) ;;
        v3 | v6) lines="version 3" ;;
        vmac6) lines="version 3
        use_vmac" ;;
        unicast) lines="unicast_src_ip 10.9.0.$number
        unicast_peer {
            10.9.0.$other
        }" ;;
        vmac) lines="use_vmac" ;;
        esac
        cat >"$out/$lab-$place.conf" <<END
vrrp_instance VI_1 {
    $(on_the_lab "$priority" "$lines")
    advert_int 1
    virtual_ipaddress {
        $(if [ "$mode" = v6 ] || [ "$mode" = vmac6 ]; then printf 'fe80::9:100/64\n        fd09::100/64'; else echo 10.9.0.100/24; fi)
    }
}
END
        priority=100
    done
}

# start LAB PLACE KIND [OPTION OF VRRPLABD ..]
start() {
    local lab=$1 place=$2 kind=$3 conf="$out/$1-$2.conf" daemon
    shift 3
    daemon=("$VRRPLABD" --config "$conf" --control "$out/$lab-$place.sock" "$@")
    # what an operator does to it is recorded, in one file for all its runs
    [ "$lab" != operations ] || daemon+=(--metrics 127.0.0.1:9650 --record "$out/$lab-$place.flight")
    [ "$kind" = vrrplabd ] ||
        daemon=(keepalived -n -l -D -P -f "$conf" -p "$out/$lab-$place.pid" -r "$out/$lab-$place-vrrp.pid")
    # what else the machine does shall not be measured
    nice -n -15 ip netns exec "$prefix-$lab-$place" "${daemon[@]}" >>"$out/$lab-$place.log" 2>&1 &
    echo $! >"$out/$lab-$place.main"
    disown
}
stop() { kill -TERM "$(<"$out/$1-$2.main")"; }
# keepalived's parent starts a dead child again, and its child cleans up after a dead parent: first nobody moves.
# Who comes next shall not meet them: their sockets are closed when murder returns.
murder() {
    local pids pid
    pids=$(ip netns pids "$prefix-$1-$2")
    [ -n "$pids" ] || return 0
    # shellcheck disable=SC2086
    kill -STOP $pids && kill -9 $pids
    rm -f "$out/$1-$2.pid" "$out/$1-$2-vrrp.pid"
    for pid in $pids; do within 3 dead "$pid" || true; done
}
dead() { ! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null; }
gone() { [ -z "$(ip netns pids "$prefix-$1-$2")" ]; }
