# Part of ci/interop.sh, which sources it: what goes wrong on a host is done to a running vrrplabd, and nothing is lost.

# --- what a process uses, and whether it was heard all the time

pid_of() { echo "$(<"$out/$1-$2.main")"; }
# memory LAB PLACE: resident, in KiB
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$(pid_of "$1" "$2")/status"; }
descriptors() { find "/proc/$(pid_of "$1" "$2")/fd" -mindepth 1 | wc -l; }
# processor LAB PLACE: hundredths of a second
processor() { awk '{ print $14 + $15 }' "/proc/$(pid_of "$1" "$2")/stat"; }
alive() { kill -0 "$(pid_of "$1" "$2")" 2>/dev/null; }
ended() { ! alive "$@"; }
# settings LAB PLACE: its addresses, and the MAC of each interface
settings() {
    ip -n "$prefix-$1-$2" -o addr show | awk '{ print $2, $3, $4 }' | sort
    ip -n "$prefix-$1-$2" -o link show | sed -nE 's/^[0-9]+: ([^:]*):.* link\/ether ([0-9a-f:]+) .*/\1 \2/p' | sort
}
# silence LAB MAC FROM: the longest time between two adverts of it since then, and until now, in milliseconds
silence() {
    { adverts "$1" | awk -v mac="$2" -v from="$3" '$1 >= from && $2 == mac { print $1 }'; echo "$EPOCHREALTIME"; } |
        awk -v last="$3" '{ if ($1 - last > most) most = $1 - last; last = $1 } END { printf "%.0f\n", most * 1000 }'
}
# heard LAB MAC FROM: noted, that nobody had to miss it
heard() {
    local gap
    gap=$(silence "$1" "$2" "$3")
    note "$1" "adverts went on (at most $gap ms without)" test "$gap" -le 1500
}
# changes LAB PLACE: how often an instance has changed its state
changes() { grep -c 'Entering' "$out/$1-$2.log" || true; }

# --- kill -9

# fault_kill LAB MODE: both are killed and started again at several moments; what is there then is what was there
fault_kill() {
    local lab=$1 mode=$2 vip=10.9.0.100 before from n
    lab_up "$lab"
    configure "$lab" "$mode"
    ip -n "$prefix-$lab-a" addr add 10.9.0.50/24 dev eth0 # an operator's own
    sleep 1.5                                             # link-local addresses
    before=$(settings "$lab" a)
    start "$lab" b vrrplabd
    start "$lab" a vrrplabd
    within 8 only "$lab" a $vip b || true
    for n in 1 3 5 7 9; do
        sleep 0.$n
        murder "$lab" a
        start "$lab" a vrrplabd
    done
    note "$lab" "after five deaths of the master just one has the address" within 9 only "$lab" a $vip b
    from=$EPOCHREALTIME
    for n in 2 4 6; do
        sleep 0.$n
        murder "$lab" b
        start "$lab" b vrrplabd
    done
    sleep 1
    note "$lab" "deaths of the backup are noticed by nobody" only "$lab" a $vip b
    note "$lab" "which says nothing" test -z "$(first "$lab" 02:00:00:00:00:02 100 "$from")"
    murder "$lab" a
    sed -i 's/10\.9\.0\.100/10.9.0.101/' "$out/$lab-a.conf" "$out/$lab-b.conf"
    kill -HUP "$(pid_of "$lab" b)"
    start "$lab" a vrrplabd
    note "$lab" "killed, and started with another address, it takes that" within 9 only "$lab" a 10.9.0.101 b
    # as with keepalived, nobody knows any more whose the old one was, unless it went with its macvlan
    ip -n "$prefix-$lab-a" addr del $vip/24 dev eth0 2>/dev/null || true
    stop "$lab" a
    stop "$lab" b
    within 4 gone "$lab" a || true
    note "$lab" "at the end everything is as before" test "$(settings "$lab" a)" = "$before"
}

# --- links and addresses

# fault_link LAB: what others do to links and addresses
fault_link() {
    local lab=$1 vip=10.9.0.100 from n
    lab_up "$lab"
    configure "$lab" plain
    start "$lab" b vrrplabd
    start "$lab" a vrrplabd
    within 8 only "$lab" a $vip b || true
    for n in {1..20}; do
        ip -n "$prefix-$lab-a" addr del $vip/24 dev eth0 2>/dev/null || true
        sleep 0.1
    done
    note "$lab" "taken away twenty times, the address is there in the end" within 8 only "$lab" a $vip b
    for n in {1..20}; do
        ip -n "$prefix-$lab-a" link set eth0 down
        ip -n "$prefix-$lab-a" link set eth0 up
    done
    note "$lab" "after twenty flaps of the link, too" within 9 only "$lab" a $vip b
    for n in 1 2 3; do
        ip -n "$prefix-$lab-a" link del eth0
        sleep 0.3
        wire "$lab" a 1
    done
    note "$lab" "and after three new interfaces of the name" within 9 only "$lab" a $vip b
    sleep 1.2
    from=$EPOCHREALTIME
    sleep 2.5
    heard "$lab" 02:00:00:00:00:01 "$from"
    stop "$lab" a
    note "$lab" "it ends" within 4 gone "$lab" a
    note "$lab" "and leaves no address" lacks "$lab" a $vip
    stop "$lab" b
}

# --- another daemon for the same

# fault_second LAB: on the same host a second daemon with the same configuration comes and goes
fault_second() {
    local lab=$1 vip=10.9.0.100 kind second
    lab_up "$lab"
    configure "$lab" pass
    start "$lab" b vrrplabd
    start "$lab" a vrrplabd
    within 8 only "$lab" a $vip b || true
    for kind in vrrplabd keepalived; do
        if [ $kind = vrrplabd ]; then
            second=("$VRRPLABD" --config "$out/$lab-a.conf" --control "$out/$lab-second.sock")
        else
            second=(keepalived -n -l -P -f "$out/$lab-a.conf" -p "$out/$lab.pid" -r "$out/$lab-vrrp.pid")
        fi
        in_lab "$lab" a timeout -s TERM 5 "${second[@]}" >>"$out/$lab-second.log" 2>&1 || true
        note "$lab" "when a second one ($kind) has gone the first one has the address" within 8 only "$lab" a $vip b
        sleep 1.5
        note "$lab" "and keeps it" only "$lab" a $vip b
    done
    stop "$lab" a
    note "$lab" "it ends and leaves no address" within 4 lacks "$lab" a $vip
    stop "$lab" b
}

# --- disks and pipes

# fault_disk LAB: a disk without room, for the recorder and for a pipe; then a pipe that nobody reads
fault_disk() {
    local lab=$1 vip=10.9.0.100 small="$out/small" from
    ! mountpoint -q "$small" || umount "$small" # of an earlier round
    mkdir -p "$small"
    mount -t tmpfs -o size=128k,nr_inodes=3,mode=755 small "$small"
    : >"$small/fill" # with the folder and the recording, all that it can hold
    lab_up "$lab"
    configure "$lab" pass
    sed -i "1i global_defs {\n    script_user root\n    vrrp_notify_fifo $small/pipe\n}" "$out/$lab-a.conf"
    start "$lab" b vrrplabd
    start "$lab" a vrrplabd --record "$small/flight"
    note "$lab" "without room for its pipe it is elected" within 8 only "$lab" a $vip b
    note "$lab" "and says so" grep -q "$small/pipe" "$out/$lab-a.log"
    sleep 1.2
    from=$EPOCHREALTIME
    head -c 1000000 /dev/zero >"$small/fill" 2>/dev/null || true
    news "$lab" 200
    note "$lab" "on a full disk the recording ends, with a word" within 5 \
        grep -q 'the recording cannot be written' "$out/$lab-a.log"
    news "$lab" 200
    sleep 1
    heard "$lab" 02:00:00:00:00:01 "$from"
    note "$lab" "and the master is the same" only "$lab" a $vip b
    note "$lab" "what was recorded is replayed" "$VRRPLAB" replay --quiet "$small/flight"
    rm "$small/fill"
    ctl "$lab" a reload >/dev/null 2>&1 || true
    note "$lab" "with room there is a pipe after a reload" test -p "$small/pipe"
    timeout 2 dd if=/dev/zero of="$small/pipe" bs=4096 count=16 oflag=nonblock status=none 2>/dev/null || true
    ip -n "$prefix-$lab-a" link set eth0 down
    within 5 lacks "$lab" a $vip || true
    ip -n "$prefix-$lab-a" link set eth0 up
    note "$lab" "a full pipe makes nobody wait" within 8 only "$lab" a $vip b
    note "$lab" "it says what was lost" grep -qE 'WARN.*pipe|pipe.*lost' "$out/$lab-a.log"
    stop "$lab" a
    note "$lab" "it ends" within 4 gone "$lab" a
    start "$lab" a vrrplabd --record "$small/flight"
    note "$lab" "with room it records again" within 3 flights "$small/flight" 2
    within 8 only "$lab" a $vip b || true
    stop "$lab" a
    within 4 gone "$lab" a || true
    note "$lab" "and both flights are replayed" "$VRRPLAB" replay --quiet "$small/flight"
    stop "$lab" b
}
flights() { [ "$(grep -c '^{"flight"' "$1")" = "$2" ]; }
# news LAB COUNT: so many addresses come and go, of which the engine hears
news() {
    local n
    for ((n = 0; n < $2; n++)); do printf 'addr add 10.9.0.60/32 dev eth0\naddr del 10.9.0.60/32 dev eth0\n'; done |
        ip -n "$prefix-$1-a" -force -batch - || true
}

# --- scripts

# fault_script LAB: a check that ignores SIGTERM, starts twenty others and hangs; a notify script that hangs
fault_script() {
    local lab=$1 vip=10.9.0.100 work="$out/$1.d" from most=0 now n dead
    mkdir -p "$work"
    lab_up "$lab"
    configure "$lab" pass
    cat >"$work/check" <<END
#!/bin/bash
trap '' TERM
echo run >>$work/runs
for n in {1..20}; do sleep 1000 & done
sleep 1000
END
    printf '#!/bin/sh\nsleep 1000\n' >"$work/notify"
    chmod +x "$work/check" "$work/notify"
    sed -i -e "1i global_defs {\n    script_user root\n}\nvrrp_script check {\n    script $work/check\n    interval 1\n    timeout 1\n    weight -10\n}" \
        -e "s|virtual_ipaddress {|track_script {\n        check\n    }\n    notify $work/notify\n    &|" "$out/$lab-a.conf"
    start "$lab" b vrrplabd
    start "$lab" a vrrplabd
    note "$lab" "with a check that hangs it is elected" within 8 only "$lab" a $vip b
    sleep 1.2
    from=$EPOCHREALTIME
    for n in {1..40}; do
        now=$(ip netns pids "$prefix-$lab-a" | wc -l)
        [ "$now" -le "$most" ] || most=$now
        sleep 0.15
    done
    note "$lab" "it was started again and again" test "$(wc -l <"$work/runs")" -ge 3
    # each second another one begins beside it, as with keepalived; each ends after three
    note "$lab" "never more than four of its runs are there ($most processes)" test "$most" -le 95
    # shellcheck disable=SC2046
    dead=$(ps -o stat= --ppid "$(pid_of "$lab" a)" | grep -c '^Z' || true)
    note "$lab" "nor any dead ones ($dead)" test "$dead" -le 1
    heard "$lab" 02:00:00:00:00:01 "$from"
    stop "$lab" a
    note "$lab" "at the end it waits for no script" within 3 ended "$lab" a
    note "$lab" "and leaves no address" lacks "$lab" a $vip
    stop "$lab" b
}

# faults [WHICH]: all of them, or one: kill, kill-vmac, link, second, disk, script, crowd
faults() {
    local which
    for which in ${1:-kill kill-vmac link second disk script crowd}; do
        case $which in
        kill) tell fault_kill fault-kill-pass pass ;;
        kill-vmac) tell fault_kill fault-kill-vmac vmac ;;
        crowd) tell crowd fault-crowd ;;
        *) tell "fault_$which" "fault-$which" ;;
        esac
    done
}
