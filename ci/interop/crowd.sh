# Part of ci/interop.sh, which sources it: five hundred instances on one interface, a hundred reloads of them, and packets
# that nobody can use, a hundred thousand a second.

# many LAB PLACE PRIORITY COUNT: so many instances on eth0, half of them IPv4 and half IPv6 (one: IPv4)
many() {
    local n six=$(($4 / 2))
    for ((n = 1; n <= $4 - six; n++)); do
        printf 'vrrp_instance V4_%d {\n interface eth0\n virtual_router_id %d\n priority %d\n advert_int 1\n' "$n" "$n" "$3"
        printf ' version 3\n virtual_ipaddress {\n  10.9.1.%d/32\n }\n}\n' "$n"
    done >"$out/$1-$2.conf"
    for ((n = 1; n <= six; n++)); do
        printf 'vrrp_instance V6_%d {\n interface eth0\n virtual_router_id %d\n priority %d\n advert_int 1\n' "$n" "$n" "$3"
        printf ' version 3\n virtual_ipaddress {\n  fe80::9:%x/64\n  fd09::1:%x/64\n }\n}\n' "$n" "$n"
    done >>"$out/$1-$2.conf"
}
# in_state LAB PLACE STATE: how many instances are
in_state() { ctl "$1" "$2" status --json 2>/dev/null | grep -o "\"state\":\"$3\"" | wc -l; }
are() { [ "$(in_state "$1" "$2" "$3")" = "$4" ]; }
# virtual LAB PLACE: how many virtual addresses are there
virtual() { ip -n "$prefix-$1-$2" -o addr show dev eth0 | grep -cE ' (10\.9\.1\.|fe80::9:|fd09::1:)' || true; }
has() { [ "$(virtual "$1" "$2")" = "$3" ]; }
# routers LAB MAC FROM: how many virtual routers it has advertised since then
routers() {
    awk '/^[0-9]/ { if (line != "") print line; line = $0; next } { line = line " " $0 } END { print line }' "$out/$1.cap" |
        awk -v mac="$2" -v from="$3" '$1 >= from && $2 == mac && /Advertisement/' |
        sed -nE 's/.*ethertype (IPv[46]).*vrid ([0-9]+),.*/\1 \2/p' | sort -u | wc -l
}

# crowd LAB: five hundred instances
crowd() {
    local lab=$1 mac=02:00:00:00:00:01 from before n
    lab_up "$lab"
    many "$lab" a 150 500
    many "$lab" b 100 500
    start "$lab" b vrrplabd
    start "$lab" a vrrplabd
    note "$lab" "five hundred are elected" within 15 are "$lab" a MASTER 500
    note "$lab" "with their addresses" within 5 has "$lab" a 750
    note "$lab" "the other one is backup of all" within 5 are "$lab" b BACKUP 500
    from=$EPOCHREALTIME
    sleep 2.2
    note "$lab" "all of them are heard" test "$(routers "$lab" $mac "$from")" = 500

    kill -STOP "$(pid_of "$lab" a)"
    {
        ip -n "$prefix-$lab-a" addr flush dev eth0 to 10.9.1.0/24
        ip -n "$prefix-$lab-a" addr flush dev eth0 to fd09::1:0/112
        for n in {1..8000}; do printf 'addr add 10.8.0.1/32 dev lo\naddr del 10.8.0.1/32 dev lo\n'; done |
            ip -n "$prefix-$lab-a" -force -batch -
    } || true
    note "$lab" "all addresses are taken from it while it sleeps" has "$lab" a 250
    kill -CONT "$(pid_of "$lab" a)"
    note "$lab" "the kernel could not tell it all" within 3 grep -q 'netlink lost messages' "$out/$lab-a.log"
    note "$lab" "it finds out and takes them again" within 10 has "$lab" a 750
    note "$lab" "as master of all" within 8 are "$lab" a MASTER 500
    note "$lab" "the other one has none" within 5 has "$lab" b 0

    reloads "$lab" $mac
    murder "$lab" a
    note "$lab" "when it is killed the other one takes all" within 8 has "$lab" b 750
    start "$lab" a vrrplabd
    note "$lab" "it comes back for all" within 15 are "$lab" a MASTER 500
    note "$lab" "and the other one gives all up" within 5 has "$lab" b 0
    stop "$lab" a
    note "$lab" "when it ends nothing is left" within 5 has "$lab" a 0
    note "$lab" "the other one takes all" within 5 has "$lab" b 750
    stop "$lab" b
    note "$lab" "and gives all up in the end" within 5 has "$lab" b 0
    note "$lab" "nothing could not be done" bash -c "! grep -E 'ERROR' '$out/$lab'-[ab].log"
}
# reloads LAB MAC: a hundred of them; the second fifty need no more memory than the first, and descriptors are the same.
# (What is resident after one reload says little: with the adverts that come in between it goes up and down by three MiB.)
reloads() {
    local lab=$1 mac=$2 before open n kib refused=0 first=0 second=0
    for n in {1..10}; do ctl "$lab" a reload >/dev/null || true; done # what is made once is made
    before=$(changes "$lab" a) open=$(descriptors "$lab" a)
    for n in {1..100}; do
        ctl "$lab" a reload >/dev/null 2>&1 || refused=$((refused + 1))
        kib=$(memory "$lab" a)
        if [ "$n" -le 50 ]; then first=$((kib > first ? kib : first)); else second=$((kib > second ? kib : second)); fi
    done
    note "$lab" "a hundred reloads of five hundred instances" test "$refused" = 0
    note "$lab" "change no state" test "$(changes "$lab" a)" = "$before"
    note "$lab" "the memory does not grow (at most $first KiB, then at most $second)" test "$second" -le "$((first + 1024))"
    note "$lab" "so are descriptors" test "$(descriptors "$lab" a)" = "$open"
    sleep 1.2
    note "$lab" "all are heard during the last of them" test "$(routers "$lab" "$mac" "$(awk -v now="$EPOCHREALTIME" 'BEGIN { printf "%.3f", now - 2.5 }')")" = 500
    note "$lab" "the other one has waited for none" test "$(virtual "$lab" b)" = 0
}

# flood: packets of no use, for ten seconds, to a master and its backup
flood() {
    local lab=fault-flood vip=10.9.0.100 mac=02:00:00:00:00:01 from kib busy changed said told
    lab_up "$lab" 'ip proto 112 and not ether src 02:00:00:00:00:03'
    configure "$lab" v3
    start "$lab" b vrrplabd
    start "$lab" a vrrplabd
    within 8 only "$lab" a $vip b || true
    sleep 1.2
    changed="$(changes "$lab" a) $(changes "$lab" b)" kib=$(memory "$lab" a) busy=$(processor "$lab" a)
    said=$(wc -l <"$out/$lab-a.log") from=$EPOCHREALTIME
    nice -n -15 ip netns exec "$prefix-$lab-c" python3 ci/interop/flood.py eth0 100000 10 >"$out/$lab-sent" &
    sleep 5
    note "$lab" "amid the packets it answers an operator" says '"state":"MASTER"' ctl "$lab" a status --json
    wait $!
    busy=$(($(processor "$lab" a) - busy)) told=$(<"$out/$lab-sent")
    note "$lab" "$told" grep -q '^1000000 ' "$out/$lab-sent"
    note "$lab" "of which the master needed $busy hundredths of a second of processor time" test "$busy" -gt 0
    note "$lab" "no state changed" test "$(changes "$lab" a) $(changes "$lab" b)" = "$changed"
    note "$lab" "the master still" only "$lab" a $vip b
    heard "$lab" $mac "$from"
    note "$lab" "the memory is as before ($kib KiB, then $(memory "$lab" a))" test "$(memory "$lab" a)" -le "$((kib + 4096))"
    said=$(($(wc -l <"$out/$lab-a.log") - said))
    note "$lab" "the log has $said lines more" test "$said" -le 200
    busy=$(processor "$lab" a)
    sleep 2
    note "$lab" "afterwards it rests" test "$(($(processor "$lab" a) - busy))" -le 20
    stop "$lab" a
    stop "$lab" b
    note "$lab" "both end" within 4 gone "$lab" a
}
