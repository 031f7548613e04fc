# Part of ci/interop.sh, which sources it: virtual routes and rules, and what is static. keepalived and vrrplabd live through
# the same story with the same file, each in a lab of its own; what `ip route`, `ip rule` and `ip monitor` say is the same.

# routes LAB
routes() {
    local lab=$1 kind pids=() pid moment
    for kind in keepalived vrrplabd; do
        routed "$lab-$kind" "$kind" &
        pids+=("$!")
    done
    for pid in "${pids[@]}"; do wait "$pid" || true; done
    for moment in backup master down up taken reloaded stopped monitor end; do
        note "$lab" "$moment: as keepalived" alike "$lab" "$moment"
    done
    # keepalived leaves the routes of a killed one where they are until it is master again
    left "$lab-vrrplabd"
    hooks "$lab"
}

# alike LAB MOMENT: both have said the same, and something
alike() {
    local theirs="$out/$1-keepalived.$2" ours="$out/$1-vrrplabd.$2"
    [ -s "$theirs" ] && diff "$theirs" "$ours" >"$out/$1-$2.diff"
}

# listed LAB MOMENT: writes down all routes, rules and addresses of a
listed() {
    local space="$prefix-$1-a"
    {
        ip -n "$space" route show table all
        ip -n "$space" -6 route show table all
        ip -n "$space" rule
        ip -n "$space" -6 rule
        ip -n "$space" -o -4 addr show | sed 's/ *valid_lft.*//'
    } | grep -Ev 'fe80|ff00' >"$out/$1.$2"
}
ruled() { ip -n "$prefix-$1-a" rule show priority "$2" | grep . >/dev/null; }
unruled() { ! ruled "$@"; }

# routing_conf LAB METRIC: the configuration of a
routing_conf() {
    cat >"$out/$1-a.conf" <<END
static_ipaddress {
    10.7.0.1/24 dev eth1
}
static_routes {
    192.168.50.0/24 via 10.8.0.2 dev eth1
    192.168.51.0/24 dev eth1 scope link metric $2
}
static_rules {
    from 10.7.0.0/24 table 77 priority 700
    from 10.7.1.0/24 table 77 priority $((700 + $2))
}
vrrp_instance VI_1 {
    $(on_the_lab 150 "$(with_password PASS)")
    virtual_ipaddress {
        10.9.0.100/24
    }
    virtual_ipaddress_excluded {
        10.8.0.100/24 dev eth1
    }
    virtual_routes {
        192.168.100.0/24 via 10.9.0.3 dev eth0
        192.168.101.0/24 dev eth0 metric $2
        192.168.102.0/24 dev eth0 table 1000 src 10.9.0.100
        192.168.102.7 dev eth0
        unreachable 192.168.103.0/24 metric 9
        prohibit 192.168.103.0/25
        throw 192.168.103.0/26
        blackhole 192.168.103.0/27
        192.168.104.0/24 via 10.9.0.3 dev eth0 tos 0x10 mtu lock 1400 advmss 1300 window 10000 initcwnd 7 rtt 300ms rto_min 40ms hoplimit 7 quickack 1
        192.168.105.0/24 nexthop via 10.9.0.3 dev eth0 weight 2 nexthop via 10.9.0.2 dev eth0 weight 1
        192.168.106.0/24 via 10.9.0.3 dev eth0 protocol static no_track
        192.168.107.0/24 via 10.55.0.1 dev eth0 onlink realms 5
        192.168.108.0/24 via 10.8.0.2 dev eth1
        192.168.109.0/24 via 10.55.0.1 dev eth0
        192.168.110.0/24 via 10.9.0.3
        default via 10.9.0.3 dev eth0 metric 5
        default via fd09::3 dev eth0 metric 7
        fd0a::/64 via fd09::3 dev eth0
        fd0b::/64 dev eth0 pref high
        unreachable fd0c::/64
    }
    virtual_rules {
        from 10.9.0.100 table 1000 priority 1000
        not from 10.9.0.101 to 10.9.1.0/24 iif eth1 oif eth0 fwmark 0x7/0xff table 100 priority 1001
        to 10.9.2.0/24 blackhole priority 1002
        to 10.9.3.0/24 prohibit priority 1003
        to 10.9.4.0/24 unreachable priority 1004
        from 10.9.0.100 goto 1010 priority 1005
        from 10.9.0.100 table main suppress_prefixlength 0 priority 1006
        from 10.9.0.100 tos 0x10 ipproto tcp sport 10-20 dport 30-40 uidrange 1-2 table 100 priority 1007
        from all nop priority 1010
        from fd09::/64 table 100 priority 1011
        from 10.9.5.0/24 table 100 priority $((1011 + $2))
        from 10.9.6.0/24 table 100
    }
}
END
}

# routed LAB KIND: the story
routed() {
    local lab=$1 kind=$2 space="$prefix-$1-a" lines
    lab_up "$lab"
    configure "$lab" pass
    sed -i 's/priority .*/priority 200/' "$out/$lab-b.conf"
    routing_conf "$lab" 1
    ip -n "$space" link add eth1 type veth peer name far
    ip -n "$space" addr add 10.8.0.1/24 dev eth1
    ip -n "$space" link set far up
    ip -n "$space" link set eth1 up
    in_lab "$lab" a timeout 90 stdbuf -oL ip monitor address route rule >"$out/$lab.seen" 2>/dev/null &
    start "$lab" b keepalived
    within 8 holds "$lab" b 10.9.0.100 || true
    start "$lab" a "$kind"
    within 4 ruled "$lab" 700 || true
    sleep 1
    listed "$lab" backup
    stop "$lab" b
    within 8 ruled "$lab" 16384 || true
    sleep 0.3
    listed "$lab" master
    ip -n "$space" link set eth1 down
    within 3 unruled "$lab" 1000 || true
    sleep 0.5
    listed "$lab" down
    ip -n "$space" link set eth1 up
    within 8 ruled "$lab" 16384 || true
    sleep 0.3
    listed "$lab" up
    # what is static, and what nobody watches
    ip -n "$space" rule del priority 700
    ip -n "$space" addr del 10.7.0.1/24 dev eth1
    within 2 holds "$lab" a 10.7.0.1 || true
    ip -n "$space" route del 192.168.50.0/24
    ip -n "$space" route del 192.168.106.0/24
    sleep 0.5
    # what is watched: it is given up and taken again, all of it
    ip -n "$space" route del 192.168.100.0/24
    sleep 1.5
    ip -n "$space" rule del priority 1003
    sleep 1.5
    listed "$lab" taken
    seen "$lab" >"$out/$lab.monitor"
    # (at a reload keepalived asks for its IPv6 routes once more, which ip monitor shows and which changes nothing)
    routing_conf "$lab" 3
    kill -HUP "$(daemon_of "$lab" "$kind")"
    within 4 ruled "$lab" 703 || true
    sleep 0.5
    listed "$lab" reloaded
    lines=$(seen "$lab" | wc -l)
    stop "$lab" a
    within 4 gone "$lab" a || true
    listed "$lab" stopped
    seen "$lab" | tail -n +$((lines + 1)) >"$out/$lab.end"
}
seen() { grep -Ev 'fe80|ff00|valid_lft' "$out/$1.seen"; }
daemon_of() { if [ "$2" = keepalived ]; then cat "$out/$1-a.pid"; else cat "$out/$1-a.main"; fi; }

# left LAB: what a killed vrrplabd leaves goes at the next start, and nothing is there twice afterwards
left() {
    local lab=$1
    start "$lab" a vrrplabd
    within 8 ruled "$lab" 16384 || true
    murder "$lab" a
    start "$lab" b keepalived
    within 6 holds "$lab" b 10.9.0.100 || true
    start "$lab" a vrrplabd
    within 3 unruled "$lab" 1000 || true
    sleep 0.5
    listed "$lab" again
    note "$lab" "what a killed one has left goes at the next start" test "$(grep -c '192.168.10' "$out/$lab.again")" = 0
    note "$lab" "no static rule is there twice" test "$(grep -c '^70[03]:' "$out/$lab.again")" = 2
    stop "$lab" b
    stop "$lab" a
    within 4 gone "$lab" a || true
    listed "$lab" last
    note "$lab" "and nothing at the end" cmp -s "$out/$lab.stopped" "$out/$lab.last"
}

# hooks LAB: the programs of the start and of the end
hooks() {
    local lab=$1 kind
    for kind in keepalived vrrplabd; do
        hooked "$lab-$kind" "$kind"
        note "$lab" "$kind: start-up script, addresses, shutdown script" test "$(cat "$out/$lab-$kind.hooks")" = \
            $'up begins\nup is ended\ndown begins without the address\ndown is ended'
    done
}
# hooked LAB KIND: both take too long
hooked() {
    local lab=$1 kind=$2 work="$out/$1.hook"
    cat >"$work" <<END
#!/bin/bash
without=""
[ "\$1" = up ] || ip -o addr show | grep -q 10.9.0.100 || without=" without the address"
echo "\$1 begins\$without" >>$out/$lab.hooks
trap 'echo "\$1 is ended" >>$out/$lab.hooks; exit 1' TERM
sleep 60 & wait
END
    chmod +x "$work"
    configure "$lab" pass
    sed -i "1i global_defs {\n script_user root\n startup_script \"$work up\"\n startup_script_timeout 1\n shutdown_script \"$work down\"\n shutdown_script_timeout 1\n}" "$out/$lab-a.conf"
    : >"$out/$lab.hooks"
    start "$lab" a "$kind"
    within 10 holds "$lab" a 10.9.0.100 || true
    stop "$lab" a
    within 6 gone "$lab" a || true
}
