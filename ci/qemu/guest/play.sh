# Plays the parts, in busybox's shell. Each check is a line: `ok NAME`, or `FAILED NAME` with what was seen below it.
# busybox prefers its own applets, so the real program is named here.
ip() { /sbin/ip "$@"; }

ok() { echo "ok $1"; }
failed() {
    echo "FAILED $1"
    shift
    for text in "$@"; do echo "$text" | sed 's/^/   /'; done
}
# same NAME WHAT THAT: the two texts are the same
same() {
    if [ "$2" = "$3" ]; then
        ok "$1"
    else
        echo "$2" >/tmp/same.a
        echo "$3" >/tmp/same.b
        failed "$1" "$(diff -U 0 /tmp/same.a /tmp/same.b | tail -n +3)"
    fi
}
# within SECONDS COMMAND..: until it succeeds; a tenth of a second apart, at least once
within() {
    local now end
    read -r now _ </proc/uptime
    end=$((${now%%.*} + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        read -r now _ </proc/uptime
        [ "${now%%.*}" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# at SPACE COMMAND..
at() {
    local space=$1
    shift
    /sbin/ip netns exec "$space" "$@"
}
# daemon KIND SPACE CONFIG [OPTION OF VRRPLABD ..]: starts it; its log is /tmp/SPACE.log, its number in /tmp/SPACE.pid
daemon() {
    local kind=$1 space=$2 config=$3
    shift 3
    case $kind in
    vrrplabd) ( exec /sbin/ip netns exec "$space" /sbin/vrrplabd --config "$config" "$@" ) >"/tmp/$space.log" 2>&1 & ;;
    keepalived) ( exec /sbin/ip netns exec "$space" /sbin/keepalived -n -l -D -G -f "$config" -p "/tmp/$space.p" -r "/tmp/$space.v" -c "/tmp/$space.c" ) >"/tmp/$space.log" 2>&1 & ;;
    esac
    echo $! >"/tmp/$space.pid"
}
# signal SPACE SIGNAL: what the daemon gets
signal() { kill "-$2" "$(cat "/tmp/$1.pid")"; }
# is_gone SPACE: the daemon has ended
is_gone() { ! kill -0 "$(cat "/tmp/$1.pid")" 2>/dev/null; }
stop() {
    signal "$1" TERM
    within 10 is_gone "$1" || { failed "the daemon of $1 does not end" "$(tail -n 5 "/tmp/$1.log")"; signal "$1" KILL; }
    wait "$(cat "/tmp/$1.pid")" 2>/dev/null
}
# table SPACE: everything that ipvsadm shows. Within a service the order is the kernel's; that of services is its hash's, and
# another one in each namespace
table() {
    at "$1" ipvsadm -Ln --nosort | by_service
    at "$1" ipvsadm -Sn
    at "$1" ipvsadm -Ln --thresholds --nosort | by_service
    at "$1" ipvsadm -L --timeout
    at "$1" ipvsadm -L --daemon
}
by_service() { awk '/^ *->/ {line = line "|" $0; next} {if (line) print line; line = $0} END {print line}' | sort | tr '|' '\n'; }
# shown: the table as an operator is shown it by the only vrrplabd that runs; the servers below it are left out
shown() { vrrplab ctl ipvs | sed '/^$/,$d'; }
# calm SPACE: the table is the same as a moment ago
calm() {
    local before
    before=$(at "$1" ipvsadm -Sn)
    sleep 0.4
    [ -n "$before" ] && [ "$before" = "$(at "$1" ipvsadm -Sn)" ]
}

# space NAME: a network namespace with one interface, eth0
space() {
    ip netns add "$1"
    ip -n "$1" link set lo up
    at "$1" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
}
# wire SPACE INTERFACE BRIDGE ADDRESS..
wire() {
    local space=$1 interface=$2 bridge=$3 address
    shift 3
    ip link add "$space-$interface" type veth peer name "$interface" netns "$space"
    ip link set "$space-$interface" master "$bridge" up
    ip -n "$space" link set "$interface" up
    for address in "$@"; do ip -n "$space" addr add "$address" dev "$interface"; done
}
bridge() {
    ip link add "$1" type bridge mcast_snooping 0 stp_state 0 forward_delay 0
    ip link set "$1" up
}

parts=$(cat parts)
[ -n "$parts" ] || parts="tables reload stop traffic health refused checks flight sync clock"
for part in $parts; do
    echo "-- $part"
    . "guest/$part.sh"
done
