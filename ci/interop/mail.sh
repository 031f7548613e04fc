# Part of ci/interop.sh, which sources it: mails. keepalived and vrrplabd live through the same story with the same file, each in
# a lab of its own with a mail server beside it; the server is told the same by both, in the same order.

# mail LAB
mail() {
    local lab=$1 kind pids=() pid moment
    for kind in keepalived vrrplabd; do
        mailing "$lab-$kind" "$kind" &
        pids+=("$!")
        discreet "$lab-discreet-$kind" "$kind" &
        pids+=("$!")
    done
    silent_server "$lab-mute" &
    pids+=("$!")
    for pid in "${pids[@]}"; do wait "$pid" || true; done
    for moment in started beaten alone fault well reloaded stopped; do
        note "$lab" "$moment: $(mails_of "$lab-vrrplabd.$moment") mails, as keepalived" alike "$lab" "$moment"
    done
    for moment in fault again reloaded; do
        note "$lab" "without faults, $moment: $(mails_of "$lab-discreet-vrrplabd.$moment") mails, as keepalived" \
            alike "$lab-discreet" "$moment"
    done
}
mails_of() { wc -l <"$out/$1" 2>/dev/null; }

# sink LAB [mute]: its mail server
sink() {
    local lab=$1
    shift
    ip netns exec "$prefix-$lab-a" python3 ci/interop/sink.py 2525 "$out/$lab.mails" "$@" &
    disown
    within 20 listens "$lab" || true
}
listens() { in_lab "$1" a ss -ltn | grep -F ':2525 ' >/dev/null; }
# mailed LAB COUNT: so many mails have come
mailed() { [ "$(mails_of "$1.mails")" -ge "$2" ]; }
# keep LAB MOMENT: writes down what has come up to now
keep() {
    sleep 0.7
    cp "$out/$1.mails" "$out/$1.$2"
}

# mailing_conf LAB GLOBALS INSTANCES: the configuration of a
mailing_conf() {
    cat >"$out/$1-a.conf" <<END
global_defs {
    router_id LB1
    notification_email {
        admin@example.com
        ops@example.com
    }
    notification_email_from lb1@example.com
    smtp_server 127.0.0.1 2525
    smtp_helo_name lb1.example
    smtp_connect_timeout 3
    $2
}
$3
END
}
# mailing_instance NAME VRID PRIORITY [LINES]
mailing_instance() {
    cat <<END
vrrp_instance $1 {
    interface eth0
    virtual_router_id $2
    priority $3
    ${4:-}
    virtual_ipaddress {
        10.9.0.$((100 + $2))/24
    }
}
END
}

# mailing LAB KIND: the whole story; instances of different priorities become master one after the other
mailing() {
    local lab=$1 kind=$2 space="$prefix-$1-a" group instances
    lab_up "$lab"
    group=$(printf 'vrrp_sync_group G {\n group {\n VI_1\n VI_2\n }\n}')
    instances="$(mailing_instance VI_1 1 60)
$(mailing_instance VI_2 2 60 "smtp_alert off")"
    mailing_conf "$lab" smtp_alert "$group
$instances
$(mailing_instance VI_3 3 200 notify_deleted)
$(mailing_instance VI_4 4 140)"
    mailing_instance VI_1 1 250 >"$out/$lab-b.conf"
    sink "$lab"
    start "$lab" a "$kind"
    within 8 mailed "$lab" 8 || true
    keep "$lab" started
    start "$lab" b keepalived
    within 8 mailed "$lab" 10 || true
    keep "$lab" beaten
    stop "$lab" b
    within 8 mailed "$lab" 12 || true
    keep "$lab" alone
    ip -n "$space" link set eth0 down
    within 4 mailed "$lab" 16 || true
    keep "$lab" fault
    ip -n "$space" link set eth0 up
    within 10 mailed "$lab" 24 || true
    keep "$lab" well
    mailing_conf "$lab" smtp_alert "$group
$instances"
    kill -HUP "$(daemon_of "$lab" "$kind")"
    within 4 mailed "$lab" 26 || true
    keep "$lab" reloaded
    stop "$lab" a
    within 4 gone_but_sink "$lab" || true
    keep "$lab" stopped
    remove "$space"
}
gone_but_sink() { [ "$(ip netns pids "$prefix-$1-a" | wc -l)" -le 1 ]; }

# discreet LAB KIND: faults are not mailed; a backup that was faulty is not mailed again, but after a reload
discreet() {
    local lab=$1 kind=$2 space="$prefix-$1-a"
    lab_up "$lab"
    mailing_conf "$lab" "smtp_alert_vrrp
    no_email_faults" "$(mailing_instance VI_1 1 100)"
    mailing_instance VI_1 1 200 >"$out/$lab-b.conf"
    sink "$lab"
    start "$lab" b keepalived
    within 8 holds "$lab" b 10.9.0.101 || true
    start "$lab" a "$kind"
    within 4 mailed "$lab" 1 || true
    ip -n "$space" link set eth0 down
    keep "$lab" fault
    ip -n "$space" link set eth0 up
    sleep 1
    keep "$lab" again
    ip -n "$space" link set eth0 down
    sleep 0.5
    kill -HUP "$(daemon_of "$lab" "$kind")"
    sleep 0.5
    ip -n "$space" link set eth0 up
    sleep 1
    keep "$lab" reloaded
    stop "$lab" a
    stop "$lab" b
    remove "$space"
}

# silent_server LAB: nobody waits for a mail server that says nothing
silent_server() {
    local lab=$1 begun
    lab_up "$lab"
    mailing_conf "$lab" smtp_alert "$(mailing_instance VI_1 1 200)"
    mailing_instance VI_1 1 100 >"$out/$lab-b.conf"
    sink "$lab" mute
    start "$lab" b keepalived
    within 8 holds "$lab" b 10.9.0.101 || true
    start "$lab" a vrrplabd
    note "$lab" "it takes the address" within 8 only "$lab" a 10.9.0.101 b
    note "$lab" "the mail server has been asked" mailed "$lab" 1
    note "$lab" "a lost mail is said" within 8 grep -q 'this mail is lost.*it does not greet: nothing for 3 s' "$out/$lab-a.log"
    note "$lab" "it is master still" only "$lab" a 10.9.0.101 b
    begun=$EPOCHREALTIME
    stop "$lab" a
    note "$lab" "it ends" within 4 gone_but_sink "$lab"
    note "$lab" "after a second that the last mails have" between "$begun" "$EPOCHREALTIME" 0 2.5
    note "$lab" "the other one has the address" within 3 holds "$lab" b 10.9.0.101
    stop "$lab" b
    remove "$prefix-$lab-a"
}
