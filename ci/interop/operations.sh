# Part of ci/interop.sh, which sources it: a day of a vrrplabd: what operators and hosts do to it.

# operate LAB: a is vrrplabd, b keepalived
operate() {
    local lab=$1 vip=10.9.0.100 work="$out/$1.d" t_taken released
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
    $(on_the_lab 150 "$(with_password PASS)")
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
    released=$(first "$lab" 02:00:00:00:00:01 0 "$t_taken")
    note "$lab" "after a release and the skew" between "$released" \
        "$(first "$lab" 02:00:00:00:00:01 150 "${released:-$t_taken}")" 0.4 0.7

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
metrics() {
    in_lab "$1" a timeout 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9650 && printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 && cat <&3'
}
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
