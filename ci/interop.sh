#!/usr/bin/env bash
# vrrplabd and the real keepalived 2.2.7 on one bridge: they elect, take over from each other after SIGTERM and after
# SIGKILL, and clean up, in every mode and with either of them as the better one. What is asserted comes from the text of
# tcpdump and of `ip addr`. Then the outage that a client feels is measured, for two of each kind side by side, with a
# plain configuration and with the users' ones of scenarios/seeds: vrrplabd's may be a twentieth longer than keepalived's.
# Ends with 'N passed, N failed'; exits 1 when anything failed or nothing was run, 2 when it cannot run.
# Needs Linux, root, and on Debian the right to install keepalived, tcpdump, iproute2, ping. Everything runs in network
# namespaces of its own, which are removed at the end, whatever happens.
# Usage: bash ci/interop.sh [MODE ...]     (default: all; MODE is pass, ah, v3, v6, unicast, vmac, vmac6, operations,
#        privileges, verdicts or outage)
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
need=()
for pair in keepalived:keepalived tcpdump:tcpdump ip:iproute2 ping:iputils-ping nft:nftables; do
    command -v "${pair%%:*}" >/dev/null || need+=("${pair##*:}")
done
if [ ${#need[@]} -gt 0 ]; then
    install_packages "${need[@]}" || { echo "${need[*]} cannot be installed: nothing was run" >&2; exit 2; }
fi
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
}
trap clean EXIT
trap 'exit 130' INT TERM

# --- a lab: two routers a and b and a client c on one bridge ---------------------------------------------------------

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
lab_up() {
    local lab=$1 place number=0
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
    in_lab "$lab" hub tcpdump --immediate-mode -l -n -e -vv -tt -i br0 'ip proto 112 or ip proto 51 or ip6 or arp or igmp' \
        >"$out/$lab.cap" 2>/dev/null &
}

# configure LAB MODE: writes a.conf and b.conf; a is the better one.
configure() {
    local lab=$1 mode=$2 place number=0 priority=150 other lines
    for place in a b; do
        number=$((number + 1))
        other=$((3 - number))
        lines=""
        case $mode in
        pass | outage) lines="authentication {
            auth_type PASS
            auth_pass secret12
        }" ;;
        ah) lines="authentication {
            auth_type AH
            auth_pass secret12
        }" ;;
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
    interface eth0
    virtual_router_id 51
    priority $priority
    advert_int 1
    $lines
    virtual_ipaddress {
        $(if [ "$mode" = v6 ] || [ "$mode" = vmac6 ]; then printf 'fe80::9:100/64\n        fd09::100/64'; else echo 10.9.0.100/24; fi)
    }
}
END
        priority=100
    done
}

# start LAB PLACE KIND
start() {
    local lab=$1 place=$2 kind=$3 conf="$out/$1-$2.conf" daemon
    daemon=("$VRRPLABD" --config "$conf" --control "$out/$lab-$place.sock")
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
murder() {
    local pids
    pids=$(ip netns pids "$prefix-$1-$2")
    # shellcheck disable=SC2086
    kill -STOP $pids && kill -9 $pids
    rm -f "$out/$1-$2.pid" "$out/$1-$2-vrrp.pid"
}
gone() { [ -z "$(ip netns pids "$prefix-$1-$2")" ]; }

# --- what is looked at -----------------------------------------------------------------------------------------------

# within SECONDS COMMAND..: until it holds
within() {
    local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    while ! "$@"; do
        [ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
        sleep 0.02
    done
}
# (grep -q would end before ip has written everything, which pipefail takes for a failure)
holds() { ip -n "$prefix-$1-$2" -o addr show 2>/dev/null | grep -F " $3/" >/dev/null; }
lacks() { ! holds "$@"; }
only() { holds "$1" "$2" "$3" && lacks "$1" "$4" "$3"; }
labelled() { ip -n "$prefix-$1-$2" -o addr show label "$3" | grep . >/dev/null; }
no_link() { ! ip -n "$prefix-$1-$2" link show "$3" >/dev/null 2>&1; }

# note LAB WHAT COMMAND..: one result
note() {
    local lab=$1 what=$2
    shift 2
    if "$@"; then echo "ok   $lab: $what" >>"$out/$lab.results"; else echo "FAIL $lab: $what" >>"$out/$lab.results"; fi
}

# adverts LAB: one line each: time, MAC, TTL, priority. Records of tcpdump go over several lines.
adverts() {
    awk '/^[0-9]/ { if (line != "") print line; line = $0; next } { line = line " " $0 } END { print line }' "$out/$1.cap" |
        sed -nE 's/^([0-9.]+) ([0-9a-f:]+) > .*(ttl|hlim) ([0-9]+).*VRRPv[23], Advertisement.* prio ([0-9]+).*/\1 \2 \4 \5/p'
}
# announcements LAB MAC FROM: how many of the address after a time
announcements() {
    awk '/^[0-9]/ { if (line != "") print line; line = $0; next } { line = line " " $0 } END { print line }' "$out/$1.cap" |
        awk -v mac="$2" -v from="$3" -v vip="$4" '$1 >= from && $2 == mac &&
            (index($0, "who-has " vip " (ff:ff:ff:ff:ff:ff) tell " vip) ||
             (/neighbor advertisement/ && index($0, "tgt is " vip ","))) { n++ } END { print n + 0 }'
}
# reports_none LAB MAC: whether it never says that it is in a group
reports_none() { ! grep -E "^[0-9.]+ $2 > .*(IGMP|HBH|multicast listener)" "$out/$1.cap" >/dev/null; }
# first LAB MAC PRIORITY FROM: when the first such advert came
first() { adverts "$1" | awk -v mac="$2" -v prio="$3" -v from="$4" '$1 >= from && $2 == mac && $4 == prio { print $1; exit }'; }
# last_before LAB PRIORITY BEFORE: when the last such advert came
last_before() { adverts "$1" | awk -v prio="$2" -v before="$3" '$1 < before && $4 == prio { t = $1 } END { print t }'; }
# between FROM TO LEAST MOST: whether the second time comes so many seconds after the first
between() {
    [ -n "$1" ] && [ -n "$2" ] && awk -v a="$1" -v b="$2" -v least="$3" -v most="$4" \
        'BEGIN { d = b - a; exit !(d >= least && d <= most) }'
}

# --- a story: election, SIGTERM, return, SIGKILL, return, end --------------------------------------------------------

# story LAB MODE KIND_OF_A KIND_OF_B
story() {
    local lab=$1 mode=$2 kind_a=$3 kind_b=$4 vip=10.9.0.100 mac_a=02:00:00:00:00:01 mac_b=02:00:00:00:00:02
    local t_stop t_back t_kill t_end released taken last
    lab_up "$lab"
    configure "$lab" "$mode"
    case $mode in
    v6) vip=fd09::100 ;;
    vmac) mac_a=00:00:5e:00:01:33 mac_b=$mac_a ;;
    vmac6) vip=fd09::100 mac_a=00:00:5e:00:02:33 mac_b=$mac_a ;;
    esac
    start "$lab" b "$kind_b"
    start "$lab" a "$kind_a"
    note "$lab" "the better one has the address" within 8 only "$lab" a "$vip" b
    sleep 1.2
    t_stop=$EPOCHREALTIME
    stop "$lab" a
    note "$lab" "after SIGTERM the other one has it" within 3 only "$lab" b "$vip" a
    note "$lab" "it ends" within 4 gone "$lab" a
    [ $mac_a != $mac_b ] || note "$lab" "its macvlan is gone" no_link "$lab" a vrrp.51
    sleep 0.5
    t_back=$EPOCHREALTIME
    start "$lab" a "$kind_a"
    note "$lab" "it comes back and takes the address" within 8 only "$lab" a "$vip" b
    sleep 1.2
    t_kill=$EPOCHREALTIME
    murder "$lab" a
    note "$lab" "after SIGKILL the other one has it" within 6 holds "$lab" b "$vip"
    note "$lab" "the dead one has it still" holds "$lab" a "$vip"
    sleep 0.5
    start "$lab" a "$kind_a"
    note "$lab" "at its next start it gives up what was left" within 2 lacks "$lab" a "$vip"
    note "$lab" "and takes it again in order" within 8 only "$lab" a "$vip" b
    sleep 0.5
    t_end=$EPOCHREALTIME
    stop "$lab" b
    note "$lab" "the backup ends" within 4 gone "$lab" b
    stop "$lab" a
    note "$lab" "the master ends" within 4 gone "$lab" a
    note "$lab" "no address is left" lacks "$lab" a "$vip"
    note "$lab" "none on the other either" lacks "$lab" b "$vip"
    sleep 0.5

    # what the wire saw
    note "$lab" "no checksum is wrong" bash -c "! grep -Eq 'bad [a-z0-9 ]*cksum|cksum [^,]*wrong|wrong [a-z0-9 ]*sum' '$out/$lab.cap'"
    note "$lab" "every advert has the TTL 255" bash -c "[ \"\$1\" = 255 ]" _ "$(adverts "$lab" | awk '{print $3}' | sort -u)"
    if [ $mac_a != $mac_b ]; then
        released=$(first "$lab" $mac_a 0 "$t_stop")
        taken=$(first "$lab" $mac_b 100 "${released:-$t_stop}")
        note "$lab" "a release at once" between "$t_stop" "$released" 0 0.3
        note "$lab" "the other's advert after its skew" between "$released" "$taken" 0.6 0.9
        note "$lab" "five announcements with it" test "$(announcements "$lab" $mac_b "${taken:-0}" "$vip")" -ge 5
        taken=$(first "$lab" $mac_a 150 "$t_back")
        note "$lab" "five announcements of the returned one" test "$(announcements "$lab" $mac_a "${taken:-0}" "$vip")" -ge 5
        taken=$(first "$lab" $mac_b 100 "$t_kill")
        last=$(last_before "$lab" 150 "$taken")
        note "$lab" "after the last advert of the dead one, the down timer" between "$last" "$taken" 3.58 3.9
    else
        released=$(first "$lab" $mac_a 0 "$t_stop")
        taken=$(first "$lab" $mac_b 100 "${released:-$t_stop}")
        note "$lab" "release and advert, from the virtual MAC" between "$released" "$taken" 0.6 0.9
        note "$lab" "no group report leaves with the virtual MAC" reports_none "$lab" $mac_a
        note "$lab" "five announcements of the virtual MAC" test "$(announcements "$lab" $mac_b "${taken:-0}" "$vip")" -ge 5
        taken=$(first "$lab" $mac_b 100 "$t_kill")
        last=$(last_before "$lab" 150 "$taken")
        note "$lab" "after the last advert of the dead one, the down timer" between "$last" "$taken" 3.58 3.9
    fi
    # keepalived does not say so: only of a vrrplabd it can be asked
    note "$lab" "nothing could not be done" bash -c "! grep -E 'WARN|ERROR' '$out/$lab'-[ab].log"
    note "$lab" "the last release comes from the master" between "$t_end" "$(first "$lab" $mac_a 0 "$t_end")" 0 4
}

# --- what a client feels ---------------------------------------------------------------------------------------------

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
    start "$lab" a "$kind"
    note "$lab" "it comes back" within 8 only "$lab" a "$vip" b
    sleep 1
    phase "$lab"
    from=$EPOCHREALTIME
    murder "$lab" a
    sleep 5
    echo "$kind $seed:SIGKILL $(gap "$lab" "$from")" >>"$out/$lab.outage"
    start "$lab" a "$kind"
    note "$lab" "it comes back" within 8 only "$lab" a "$vip" b
    sleep 1
    phase "$lab"
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

# --- a day of a vrrplabd: what operators and hosts do to it ------------------------------------------------------------

# operate LAB: a is vrrplabd, b keepalived
operate() {
    local lab=$1 vip=10.9.0.100 work="$out/$1.d" t_taken
    mkdir -p "$work"
    lab_up "$lab"
    configure "$lab" pass
    cat >"$work/check" <<END
#!/bin/sh
test ! -e $work/hang || sleep 1000
exec test ! -e $work/bad
END
    cat >"$work/notify" <<END
#!/bin/sh
echo "\$@" >>$work/told
END
    chmod +x "$work/check" "$work/notify"
    # day EXTRA_LINES_OF_THE_INSTANCE: writes the configuration of a
    day() {
        cat >"$out/$lab-a.conf" <<END
global_defs {
    script_user root
    vrrp_notify_fifo $work/pipe
}
vrrp_script check {
    script $work/check
    interval 1
}
vrrp_track_process sleepers {
    process $lab-$$
    weight 10
}
track_file number {
    file $work/number
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 150
    authentication {
        auth_type PASS
        auth_pass secret12
    }
    track_script {
        check
    }
    track_file {
        number weight 1
    }
    track_process {
        sleepers
    }
    notify $work/notify
    virtual_ipaddress {
        $vip/24 label eth0:vip
    }
    $1
}
END
    }
    day ""
    ip -n "$prefix-$lab-a" addr add $vip/24 dev eth0 label eth0:old
    start "$lab" b keepalived
    start "$lab" a vrrplabd
    note "$lab" "what is left with another label goes" within 2 lacks "$lab" a $vip
    note "$lab" "it is elected" within 8 only "$lab" a $vip b
    note "$lab" "with the label that is configured" labelled "$lab" a eth0:vip
    within 2 grep -q 'VI_1 MASTER' "$work/told" || true
    # until the script has succeeded once it is in FAULT; the scripts themselves may overtake each other
    note "$lab" "the notify script heard of every state" test "$(sort "$work/told" 2>/dev/null)" = \
        $'INSTANCE VI_1 BACKUP 150\nINSTANCE VI_1 FAULT 150\nINSTANCE VI_1 MASTER 150'
    note "$lab" "so did the pipe, in order" test "$(timeout 1 head -n 3 "$work/pipe")" = \
        $'INSTANCE "VI_1" FAULT 150\nINSTANCE "VI_1" BACKUP 150\nINSTANCE "VI_1" MASTER 150'

    t_taken=$EPOCHREALTIME
    ip -n "$prefix-$lab-a" addr del $vip/24 dev eth0
    note "$lab" "an address taken by hand is set again" within 3 holds "$lab" a $vip
    within 2 lacks "$lab" b $vip || true
    sleep 0.5
    note "$lab" "after a release and the skew" between "$(first "$lab" 02:00:00:00:00:01 0 "$t_taken")" \
        "$(first "$lab" 02:00:00:00:00:01 150 "$t_taken")" 0.4 0.7

    touch "$work/bad"
    note "$lab" "when the script fails the other one takes over" within 5 only "$lab" b $vip a
    rm "$work/bad"
    note "$lab" "when it succeeds again it returns" within 8 only "$lab" a $vip b

    touch "$work/hang"
    note "$lab" "when it hangs the other one takes over" within 6 only "$lab" b $vip a
    rm "$work/hang"
    note "$lab" "when it does not any more it returns" within 8 only "$lab" a $vip b
    note "$lab" "of the hanging script nothing is left" nothing_sleeps "$lab" a

    cp "$(command -v sleep)" "$work/$lab-$$"
    "$work/$lab-$$" 60 &
    note "$lab" "a process that comes raises the priority" within 3 grep -q 'from 150 to 160' "$out/$lab-a.log"
    kill $!
    note "$lab" "and lowers it when it goes" within 3 grep -q 'from 160 to 150' "$out/$lab-a.log"

    echo -60 >"$work/number"
    note "$lab" "a number in the file lowers the priority" within 8 only "$lab" b $vip a
    rm "$work/number"
    note "$lab" "without the file it returns" within 8 only "$lab" a $vip b

    ip -n "$prefix-$lab-a" link set eth0 down
    note "$lab" "without its link it gives the address up" within 5 only "$lab" b $vip a
    ip -n "$prefix-$lab-a" link set eth0 up
    note "$lab" "with its link it returns" within 8 only "$lab" a $vip b

    ip -n "$prefix-$lab-a" link del eth0
    note "$lab" "without its interface the other one takes over" within 8 holds "$lab" b $vip
    sleep 0.5
    wire "$lab" a 1
    note "$lab" "with another one of the same name it returns" within 8 only "$lab" a $vip b

    # more news than the kernel keeps, and one that matters among them
    kill -STOP "$(<"$out/$lab-a.main")"
    for n in {1..12000}; do
        printf 'addr add 10.8.0.1/32 dev lo\naddr del 10.8.0.1/32 dev lo\n'
        [ "$n" != 6000 ] || printf 'addr del %s/24 dev eth0\n' $vip
    done | ip -n "$prefix-$lab-a" -force -batch - || true
    kill -CONT "$(<"$out/$lab-a.main")"
    note "$lab" "when netlink loses messages" within 2 grep -q 'netlink lost messages' "$out/$lab-a.log"
    note "$lab" "what was lost is found out" within 5 only "$lab" a $vip b

    day "virtual_ipaddress_excluded {
        10.9.0.101/24
    }"
    kill -HUP "$(<"$out/$lab-a.main")"
    note "$lab" "a reload sets the new address" within 3 holds "$lab" a 10.9.0.101
    note "$lab" "and keeps the old one" holds "$lab" a $vip
    day "interface nosuch0"
    kill -HUP "$(<"$out/$lab-a.main")"
    note "$lab" "a configuration that is refused" within 3 grep -q 'refused, the old one stays' "$out/$lab-a.log"
    note "$lab" "changes nothing" only "$lab" a $vip b
    day "no_accept"
    kill -HUP "$(<"$out/$lab-a.main")"
    note "$lab" "a reload removes what is not there any more" within 3 lacks "$lab" a 10.9.0.101
    note "$lab" "its master still" only "$lab" a $vip b
    kill -USR1 "$(<"$out/$lab-a.main")"
    note "$lab" "it tells its status" within 2 grep -q 'MASTER, priority 150' "$out/$lab-a.log"
    asked "$lab"
    stop "$lab" a
    note "$lab" "it ends" within 4 gone "$lab" a
    start "$lab" a vrrplabd
    note "$lab" "with no_accept it is elected" within 8 only "$lab" a $vip b
    note "$lab" "its own address answers" answers "$lab" 10.9.0.1
    note "$lab" "the virtual one does not" silent "$lab" $vip
    stop "$lab" a
    note "$lab" "it ends again" within 4 gone "$lab" a
    note "$lab" "no filter is left" test -z "$(in_lab "$lab" a nft list tables)"
    note "$lab" "no pipe is left" test ! -e "$work/pipe"
    start "$lab" a vrrplabd
    within 8 only "$lab" a $vip b || true
    murder "$lab" a
    day "accept"
    start "$lab" a vrrplabd
    within 3 lacks "$lab" a $vip || true
    note "$lab" "a killed one returns" within 10 only "$lab" a $vip b
    note "$lab" "and what it filtered passes" within 3 answers "$lab" $vip
    note "$lab" "and takes over its old socket" says '"state":"MASTER"' ctl "$lab" a status --json
    stop "$lab" a
    note "$lab" "it ends at last" within 4 gone "$lab" a
    note "$lab" "the stop was told" grep -q 'INSTANCE VI_1 STOP' "$work/told"
    note "$lab" "all of it was recorded, the killed one too" test "$(grep -c '^{"flight"' "$out/$lab-a.flight")" = 4
    note "$lab" "the recording is nobody else's" test "$(stat -c %a "$out/$lab-a.flight")" = 600
    note "$lab" "replayed, the same comes out" "$VRRPLAB" replay --quiet "$out/$lab-a.flight"
    # of the run that was elected and killed: over a whole day, milliseconds decide who is faster than whom
    "$VRRPLAB" replay --quiet --flight 3 --to-scenario "$out/$lab-a.yaml" "$out/$lab-a.flight" || true
    note "$lab" "as a scenario, it changes its states at the same times" happens_again "$out/$lab-a.yaml"
}

# asked LAB: operators ask the master a by its control socket and its metrics
asked() {
    local lab=$1 before after code n
    note "$lab" "ctl says that it is master" says '"state":"MASTER"' ctl "$lab" a status --json
    note "$lab" "ctl says so to people" says 'VI_1      MASTER' ctl "$lab" a status
    note "$lab" "the socket is root's" test "$(stat -c '%a %u' "$out/$lab-a.sock")" = "660 0"
    before=$(counter "$lab" advert-sent)
    sleep 2.2
    after=$(counter "$lab" advert-sent)
    note "$lab" "it sends adverts meanwhile: $before, $after" between "$before" "$after" 2 5
    code=0
    in_lab "$lab" a "$VRRPLAB" ctl status --socket "$out/nobody.sock" >"$out/$lab-nobody" 2>&1 || code=$?
    note "$lab" "where nobody listens ctl ends with 2" test "$code" = 2
    note "$lab" "and says what may help" grep -q 'is vrrplabd running' "$out/$lab-nobody"
    code=0
    in_lab "$lab" b timeout 5 "$VRRPLABD" --config "$out/$lab-a.conf" --control "$out/$lab-a.sock" \
        >"$out/$lab-second" 2>&1 || code=$?
    note "$lab" "a second daemon does not take the socket" test "$code" = 1
    note "$lab" "and says why" grep -q 'another daemon listens there' "$out/$lab-second"

    note "$lab" "ctl reloads" says 'reloaded: 1 instance' ctl "$lab" a reload
    cp "$out/$lab-a.conf" "$out/$lab-kept.conf"
    sed -i 's/interface eth0/interface nosuch0/' "$out/$lab-a.conf"
    code=0
    ctl "$lab" a reload >"$out/$lab-refused" 2>&1 || code=$?
    note "$lab" "a reload that is refused ends with 1" test "$code" = 1
    note "$lab" "and says why" grep -q 'refused, the old one stays' "$out/$lab-refused"
    cp "$out/$lab-kept.conf" "$out/$lab-a.conf"

    note "$lab" "metrics say that it is master" \
        says 'vrrplabd_vrrp_state{instance="VI_1",interface="eth0",vrid="51",family="ipv4"} 2' metrics "$lab"
    note "$lab" "metrics count reloads" says 'vrrplabd_reloads_total{result="refused"} 2' metrics "$lab"
    in_lab "$lab" a bash -c 'trap "" PIPE
        for n in {1..900}; do
            exec {client}<>/dev/tcp/127.0.0.1/9650 && printf "GET /met" >&$client
        done; sleep 1' >/dev/null 2>&1 || true
    note "$lab" "nine hundred silent clients change nothing" only "$lab" a 10.9.0.100 b
    note "$lab" "and are forgotten" within 8 says 'vrrplabd_build_info' metrics "$lab"

    in_lab "$lab" a timeout 20 "$VRRPLAB" ctl trace --json --socket "$out/$lab-a.sock" >"$out/$lab-trace" 2>&1 &
    within 2 grep -q tracing "$out/$lab-trace" || true
    ip -n "$prefix-$lab-a" link set eth0 down
    note "$lab" "a trace tells of FAULT and its rule" within 3 grep -q '"rule":"fault-appears".*"to":"FAULT"' "$out/$lab-trace"
    ip -n "$prefix-$lab-a" link set eth0 up
    note "$lab" "and of the return" within 8 grep -q '"rule":"backup-timer-expired".*"to":"MASTER"' "$out/$lab-trace"
}
ctl() {
    local lab=$1 place=$2
    shift 2
    in_lab "$lab" "$place" timeout 20 "$VRRPLAB" ctl --socket "$out/$lab-$place.sock" "$@"
}
metrics() {
    in_lab "$1" a timeout 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9650 && printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 && cat <&3'
}
# says WORDS COMMAND..: whether it prints these words
says() {
    local words=$1 told
    shift
    told=$("$@" 2>&1) || return 1
    [[ $told == *"$words"* ]]
}
counter() { ctl "$1" a stats --json | sed -nE "s/.*\"$2\":([0-9]+).*/\1/p"; }
nothing_sleeps() {
    local pid
    for pid in $(ip netns pids "$prefix-$1-$2"); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != sleep ] || return 1
    done
}
# (a scenario that only has warnings ends with 3)
happens_again() {
    local status=0
    "$VRRPLAB" run --quiet "$1" >"$1.log" 2>&1 || status=$?
    [ "$status" = 0 ] || [ "$status" = 3 ]
}
answers() { in_lab "$1" c ping -n -q -c 1 -W 1 "$2" >/dev/null 2>&1; }
silent() { ! answers "$@"; }

# verdicts LAB: exit statuses beside keepalived's
verdicts() {
    local lab=$1 ours theirs file
    lab_up "$lab"
    configure "$lab" pass
    cp "$out/$lab-a.conf" "$out/$lab-good.conf"
    sed 's/interface eth0/interface nosuch0/' "$out/$lab-good.conf" >"$out/$lab-missing-interface.conf"
    sed 's/auth_pass .*/auth_pass much-too-long/' "$out/$lab-good.conf" >"$out/$lab-long-password.conf"
    sed 's/virtual_router_id 51/virtual_router_id/' "$out/$lab-good.conf" >"$out/$lab-no-vrid.conf"
    sed 's/interface eth0/interface lo/' "$out/$lab-good.conf" >"$out/$lab-loopback.conf"
    for file in good missing-interface loopback long-password no-vrid; do
        ours=0 theirs=0
        in_lab "$lab" a "$VRRPLABD" --check --config "$out/$lab-$file.conf" >/dev/null 2>&1 || ours=$?
        in_lab "$lab" a keepalived -t -f "$out/$lab-$file.conf" >/dev/null 2>&1 || theirs=$?
        note "$lab" "--check of $file: $ours, keepalived -t: $theirs" test "$ours" = "$theirs"
    done
    for file in missing-interface loopback no-vrid absent; do
        ours=0 theirs=0
        in_lab "$lab" a timeout 5 "$VRRPLABD" --config "$out/$lab-$file.conf" >/dev/null 2>&1 || ours=$?
        in_lab "$lab" b timeout 5 keepalived -n -l -P -f "$out/$lab-$file.conf" -p "$out/$lab.pid" \
            -r "$out/$lab-vrrp.pid" >/dev/null 2>&1 || theirs=$?
        note "$lab" "the daemon with $file: $ours, keepalived: $theirs" test "$ours" = "$theirs"
    done
}

. ci/interop/privileges.sh

# --- everything at once: a story mostly waits ------------------------------------------------------------------------

modes=("$@")
[ ${#modes[@]} -gt 0 ] || modes=(pass ah v3 v6 unicast vmac vmac6 operations privileges verdicts outage)
stories=() broken=0
all_end() {
    local pid
    for pid in "${stories[@]}"; do wait "$pid" || broken=$((broken + 1)); done
    stories=()
}
measure=0
for mode in "${modes[@]}"; do
    case $mode in
    outage) measure=1 ;;
    operations) operate operations & stories+=("$!") ;;
    privileges) privileges privileges & stories+=("$!") ;;
    verdicts) verdicts verdicts & stories+=("$!") ;;
    pass | ah | v3 | v6 | unicast | vmac | vmac6)
        story "$mode-vk" "$mode" vrrplabd keepalived &
        stories+=("$!")
        story "$mode-kv" "$mode" keepalived vrrplabd &
        stories+=("$!")
        ;;
    *)
        echo "unknown mode: $mode" >&2
        exit 2
        ;;
    esac
done
all_end
# measure SEED..: two of each kind at once, and nothing else
measure() {
    local kind name seed
    for name in "$@"; do
        seed=()
        [ "$name" = plain ] || read -r -a seed < <(grep "^$name " <<<"$seeds")
        for kind in vrrplabd keepalived; do
            rm -f "$out/outage-$name-$kind".*
            outage "outage-$name-$kind" "$kind" "${seed[@]}" &
            stories+=("$!")
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
if [ "$measure" = 1 ]; then
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
fi

cat "$out"/*.results 2>/dev/null | sort -k2,2 -s || true
passed=$(cat "$out"/*.results 2>/dev/null | grep -c '^ok' || true)
failed=$(($(cat "$out"/*.results 2>/dev/null | grep -c '^FAIL' || true) + broken))
if [ "$failed" = 0 ] && [ -z "${KEEP:-}" ]; then rm -rf "$out"; else echo "logs and captures are in $out" >&2; fi
echo "$passed passed, $failed failed ($((SECONDS - started)) s)"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
