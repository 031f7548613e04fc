# Sourced by ci/interop.sh: what a running vrrplabd may do, as the kernel shows it, what its programs may do, and what it
# tells a service manager. The numbers are those of docs/daemon.md.

# caps LAB NAME SET: a set of capabilities of every thread of the daemon; one line where they agree
caps() { sed -nE "s/^$3:\t0*([0-9a-f]+)$/\1/p" "/proc/$(<"$out/$1-$2.pid")"/task/*/status | sort -u; }
# sets FILE: what a program has told of itself: user, group, other groups, effective and bounding set
sets() { sed -nE 's/^(Uid|Gid|CapEff|CapBnd):\t0*([0-9a-f]+).*/\2/p; s/^Groups:\t(.*[^ ])? *$/(\1)/p' "$1" 2>/dev/null | xargs; }

# with LAB NAME GLOBALS EXTRA [OPTION ..]: a daemon alone in a namespace, until it is master
with() {
    local lab=$1 name=$2
    privileged_conf "$@"
    shift 4
    ip netns exec "$prefix-$lab-a" sh -c 'echo $$ >"$0"; export WATCHDOG_PID=$$ WATCHDOG_USEC=1000000; exec "$@"' \
        "$out/$lab-$name.pid" "$VRRPLABD" --config "$out/$lab-$name.conf" --control "$out/$lab-$name.sock" "$@" \
        >"$out/$lab-$name.log" 2>&1 &
    disown
    note "$lab" "$name: it is master" within 8 holds "$lab" a 10.9.0.100
}
privileged_conf() {
    cat >"$out/$1-$2.conf" <<END
global_defs {
    $3
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 150
    version 3
    advert_int 0.3
    use_vmac
    virtual_ipaddress {
        10.9.0.100/24
    }
    $4
}
END
}
without() {
    kill -TERM "$(<"$out/$1-$2.pid")"
    note "$1" "$2: it ends" within 4 gone "$1" a
    note "$1" "$2: nothing could not be done" bash -c "! grep -E 'WARN|ERROR' '$out/$1-$2.log'"
}
# is LAB WHAT ACTUAL EXPECTED
is() { note "$1" "$2: $4${3:+ (it is $3)}" test "$3" = "$4"; }
# refuses LAB NAME REASON: a reload that needs what was given up
refuses() {
    kill -HUP "$(<"$out/$1-$2.pid")"
    note "$1" "$2: a reload that needs more is refused" within 3 grep -q "needs a restart, the old one stays: $3" "$out/$1-$2.log"
    note "$1" "$2: it is master still" holds "$1" a 10.9.0.100
}

# privileges LAB
privileges() {
    local lab=$1 work="$out/$1.d" full notify
    mkdir -p "$work"
    chmod 755 "$out" "$work"
    lab_up "$lab"
    full=$(sed -nE 's/^CapBnd:\t0*([0-9a-f]+)$/\1/p' /proc/self/status)
    # tells what it is, beside it; user nobody may write there
    cat >"$work/tell" <<END
#!/bin/sh
env >"$work/\$1.env"
cat /proc/self/status >"$work/\$1"
END
    chmod 755 "$work/tell"
    install -d -m 777 "$work/open"
    cp "$work/tell" "$work/open/tell"
    chmod 1777 "$work"

    python3 -u - "$out/$lab-manager" >"$out/$lab-told" 2>/dev/null <<'END' &
import socket, sys, time
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
while True:
    print("%.3f" % time.time(), manager.recv(4096).decode().strip().replace("\n", " "))
END
    local listener=$!
    within 5 test -S "$out/$lab-manager" || true

    # no programs: the network and nothing else, in every thread, for good
    NOTIFY_SOCKET="$out/$lab-manager" with "$lab" plain "" "" --record "$work/flight"
    is "$lab" "plain: effective" "$(caps "$lab" plain CapEff)" 3400
    is "$lab" "plain: permitted" "$(caps "$lab" plain CapPrm)" 3400
    is "$lab" "plain: bounding" "$(caps "$lab" plain CapBnd)" 3400
    is "$lab" "plain: inheritable and ambient" "$(caps "$lab" plain CapInh)$(caps "$lab" plain CapAmb)" 00
    note "$lab" "plain: the recorder is a thread" test "$(ls "/proc/$(<"$out/$lab-plain.pid")/task" | wc -l)" -ge 2
    note "$lab" "plain: its macvlan has its settings" \
        test "$(in_lab "$lab" a cat /proc/sys/net/ipv4/conf/vrrp.51/arp_ignore)" = 1
    privileged_conf "$lab" plain "script_user nobody" "notify \"$work/tell late\""
    refuses "$lab" plain "CAP_KILL was given up at start"
    sleep 2
    kill -STOP "$(<"$out/$lab-plain.pid")"
    sleep 0.2
    local alive stopped
    alive=$(grep -c 'WATCHDOG=1' "$out/$lab-told")
    sleep 2
    stopped=$(grep -c 'WATCHDOG=1' "$out/$lab-told")
    kill -CONT "$(<"$out/$lab-plain.pid")"
    # only the second half of a stop: WARN says that the reload was refused
    kill -TERM "$(<"$out/$lab-plain.pid")"
    note "$lab" "plain: it ends" within 4 gone "$lab" a
    kill "$listener" 2>/dev/null || true
    note "$lab" "the manager hears first that it is ready" \
        test "$(awk 'NR == 1 { print $2 }' "$out/$lab-told")" = READY=1
    note "$lab" "and then that it stops" test "$(awk 'NR > 1 && $2 != "WATCHDOG=1" { print $2 }' "$out/$lab-told")" = STOPPING=1
    note "$lab" "and twice a second that it is alive: every $(pace "$lab") ms" between 0 "$(pace "$lab")" 350 750
    note "$lab" "but not while its loop stands still: $alive, $stopped" test "$alive" -ge 4 -a "$alive" = "$stopped"

    # programs of another user: as who they are, with nothing
    with "$lab" others "script_user nobody" "notify \"$work/tell others\""
    is "$lab" "others: effective" "$(caps "$lab" others CapEff)" 34e0
    is "$lab" "others: bounding" "$(caps "$lab" others CapBnd)" 34e0
    within 3 grep -q VmRSS "$work/others" || true
    is "$lab" "others: user, group, groups and sets of the program" "$(sets "$work/others")" \
        "$(id -u nobody) $(id -g nobody) () 0 34e0"
    note "$lab" "others: what the manager says is not for programs" \
        bash -c "grep -q PATH= '$work/others.env' && ! grep -E 'NOTIFY_SOCKET|WATCHDOG' '$work/others.env'"
    privileged_conf "$lab" others "script_user root" "notify \"$work/tell late\""
    refuses "$lab" others "programs would run as root"
    note "$lab" "others: no program of root has run" test ! -e "$work/late"
    kill -TERM "$(<"$out/$lab-others.pid")"
    note "$lab" "others: it ends" within 4 gone "$lab" a

    # programs of root: what they have under keepalived, and the daemon has not
    with "$lab" root "script_user root" "notify \"$work/tell root\""
    is "$lab" "root: effective" "$(caps "$lab" root CapEff)" 3420
    is "$lab" "root: bounding" "$(caps "$lab" root CapBnd)" "$full"
    within 3 grep -q VmRSS "$work/root" || true
    note "$lab" "root: the program may do what root may here" \
        test "$(sed -nE 's/^CapEff:\t0*([0-9a-f]+)$/\1/p' "$work/root")" = "$full"
    without "$lab" root

    # script security: what others may write to does not run as root
    with "$lab" secure "enable_script_security
    script_user root" "notify \"$work/open/tell secure\""
    note "$lab" "secure: it says why" within 3 grep -q "would run as root, and others than root may write to" "$out/$lab-secure.log"
    is "$lab" "secure: bounding" "$(caps "$lab" secure CapBnd)" 3400
    kill -TERM "$(<"$out/$lab-secure.pid")"
    note "$lab" "secure: it ends" within 4 gone "$lab" a
    note "$lab" "secure: the program has not run" test ! -e "$work/secure"

    # a file that is not open to root without more
    install -m 600 -o nobody /dev/null "$work/number"
    with "$lab" closed "" "track_file {
        number weight 1
    }
}
track_file number {
    file $work/number"
    is "$lab" "closed: effective" "$(caps "$lab" closed CapEff)" 3404
    without "$lab" closed

    with "$lab" kept "" "" --keep-capabilities
    is "$lab" "kept: bounding" "$(caps "$lab" kept CapBnd)" "$full"
    note "$lab" "kept: effective" test "$(caps "$lab" kept CapEff)" = \
        "$(sed -nE 's/^CapEff:\t0*([0-9a-f]+)$/\1/p' /proc/self/status)"
    without "$lab" kept
}
# pace LAB: the mean time between the first five messages, in milliseconds; a busy listener may be late for one of them
pace() {
    grep 'WATCHDOG=1' "$out/$1-told" | head -n 5 |
        awk 'NR == 1 { first = $1 } END { printf "%d", ($1 - first) * 1000 / (NR > 1 ? NR - 1 : 1) }'
}
