# Part of ci/interop.sh, which sources it: FRR's vrrpd, which speaks version 3 only, beside vrrplabd. FRR keeps the virtual
# address on its macvlan all the time (protodown as a backup), so everything is asserted from what tcpdump saw.

# frr_mac FAMILY: with which FRR speaks
frr_mac() { echo "00:00:5e:00:0$([ "$1" = v6 ] && echo 2 || echo 1):33"; }
# mac_of KIND NUMBER FAMILY
mac_of() { if [ "$1" = frr ]; then frr_mac "$3"; else echo "02:00:00:00:00:0$2"; fi; }

# frr_prepare LAB PLACE NUMBER FAMILY PRIORITY: the macvlan that FRR wants to find, and its configuration. Its link-local
# address is larger than that of eth0 in b, and smaller in a, so that the one in b wins when priorities are the same.
frr_prepare() {
    local lab=$1 place=$2 number=$3 family=$4 priority=$5 folder="$out/$1-$2.frr" device=vrrp4-51
    mkdir -p "$folder"
    if [ "$family" = v4 ]; then
        ip -n "$prefix-$lab-$place" link add $device link eth0 type macvlan mode bridge
        ip -n "$prefix-$lab-$place" link set $device address "$(frr_mac v4)"
        ip -n "$prefix-$lab-$place" addr add 10.9.0.100/24 dev $device
    else
        device=vrrp6-51
        ip -n "$prefix-$lab-$place" link add $device link eth0 type macvlan mode bridge
        ip -n "$prefix-$lab-$place" link set $device address "$(frr_mac v6)" addrgenmode none
        ip -n "$prefix-$lab-$place" addr add "fe80::$((number - 1)):0:9:$number/64" dev $device nodad
        ip -n "$prefix-$lab-$place" addr add fd09::100/64 dev $device nodad
    fi
    ip -n "$prefix-$lab-$place" link set $device up
    : >"$folder/zebra.conf"
    cat >"$folder/vrrpd.conf" <<END
log stdout debugging
debug vrrp protocol
interface eth0
 vrrp 51 version 3
 vrrp 51 priority $priority
 vrrp 51 advertisement-interval 1000
$(if [ "$family" = v4 ]; then echo ' vrrp 51 ip 10.9.0.100'; else printf ' vrrp 51 ipv6 fe80::9:100\n vrrp 51 ipv6 fd09::100\n'; fi)
END
    # it is nobody but itself
    chown -R frr:frr "$folder"
    chmod 711 "$out"
    frr_daemon "$lab" "$place" zebra
    within 5 test -S "$folder/zserv"
}
# frr_daemon LAB PLACE zebra|vrrpd
frr_daemon() {
    local folder="$out/$1-$2.frr"
    nice -n -15 ip netns exec "$prefix-$1-$2" "/usr/lib/frr/$3" -f "$folder/$3.conf" -i "$folder/$3.pid" -z "$folder/zserv" \
        --vty_socket "$folder" -P 0 --log stdout >>"$out/$1-$2.$3.log" 2>&1 &
    echo $! >"$out/$1-$2.main" # of the last one: vrrpd
    disown
}
# begin LAB PLACE KIND
begin() { if [ "$3" = frr ]; then frr_daemon "$1" "$2" vrrpd; else start "$1" "$2" "$3"; fi; }
# kill_one LAB PLACE: at once, and nobody cleans up
kill_one() {
    kill -9 "$(<"$out/$1-$2.main")"
    within 3 dead "$(<"$out/$1-$2.main")" || true
}

# speaks LAB MAC PRIORITY FROM: whether it has sent such an advert since then
speaks() { [ -n "$(first "$@")" ]; }
# last LAB MAC: when it sent its last advert that is no release
last() { adverts "$1" | awk -v mac="$2" '$2 == mac && $4 > 0 { t = $1 } END { print t }'; }
# still LAB MAC FROM: how many adverts it has sent since then
still() { adverts "$1" | awk -v mac="$2" -v from="$3" '$1 >= from && $2 == mac && $4 > 0 { n++ } END { print n + 0 }'; }
# split LAB on|off: a and b do not hear each other; the hub and the client hear both
split() {
    local place
    for place in a b; do bridge -n "$prefix-$1-hub" link set dev "to-$place" isolated "$2"; done
}
# frr_lab LAB FAMILY KIND_OF_A KIND_OF_B PRIORITY_OF_A PRIORITY_OF_B
frr_lab() {
    local lab=$1 family=$2 kind place number=0 priority
    lab_up "$lab"
    # of FRR's router advertisements nobody shall learn addresses
    for place in a b c; do
        in_lab "$lab" "$place" sysctl -qw net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.eth0.accept_ra=0
    done
    configure "$lab" "$([ "$family" = v4 ] && echo v3 || echo v6)"
    for place in a b; do
        number=$((number + 1))
        [ $place = a ] && kind=$3 priority=$5 || kind=$4 priority=$6
        sed -i "s/priority .*/priority $priority/" "$out/$lab-$place.conf"
        [ "$kind" != frr ] || frr_prepare "$lab" $place $number "$family" "$priority"
    done
}
# silent_after LAB MAC FROM SECONDS: no advert of it comes later than so many seconds after that time
silent_after() { awk -v last="$(last "$1" "$2")" -v from="$3" -v most="$4" 'BEGIN { exit !(last <= from + most) }'; }
# comes_back LAB KIND MAC WORDS: the better one comes back and takes over
comes_back() {
    local from=$EPOCHREALTIME
    begin "$1" a "$2"
    note "$1" "$4 and takes over" within 8 speaks "$1" "$3" 150 "$from"
    sleep 1.2
}

# frr_story LAB FAMILY KIND_OF_A KIND_OF_B: a is the better one
frr_story() {
    local lab=$1 family=$2 kind_a=$3 kind_b=$4 a b t from late=0
    # its macvlan has no IPv6 address yet when FRR becomes master: the first advert stays away (it says so), announcements do not
    [ "$kind_b $family" != "frr v6" ] || late=1
    frr_lab "$lab" "$family" "$kind_a" "$kind_b" 150 100
    a=$(mac_of "$kind_a" 1 "$family") b=$(mac_of "$kind_b" 2 "$family")
    from=$EPOCHREALTIME
    begin "$lab" b "$kind_b"
    note "$lab" "alone, the lesser one becomes master" within 8 speaks "$lab" "$b" 100 "$from"
    from=$EPOCHREALTIME
    begin "$lab" a "$kind_a"
    note "$lab" "the better one takes over" within 8 speaks "$lab" "$a" 150 "$from"
    t=$(first "$lab" "$a" 150 "$from")
    sleep 1.5
    note "$lab" "the lesser one is silent from then on" silent_after "$lab" "$b" "${t:-0}" 0.3

    from=$EPOCHREALTIME
    stop "$lab" a
    note "$lab" "after SIGTERM the other one advertises" within 4 speaks "$lab" "$b" 100 "$from"
    t=$(first "$lab" "$a" 0 "$from")
    note "$lab" "a release at once" between "$from" "$t" 0 0.3
    note "$lab" "the other's advert after its skew" between "$t" "$(first "$lab" "$b" 100 "${t:-0}")" 0.55 $late.9
    sleep 0.5
    comes_back "$lab" "$kind_a" "$a" "it comes back"

    from=$EPOCHREALTIME
    kill_one "$lab" a
    note "$lab" "after SIGKILL the other one advertises" within 6 speaks "$lab" "$b" 100 "$from"
    t=$(last_before "$lab" 150 "$EPOCHREALTIME")
    note "$lab" "after the last advert of the dead one, the down timer" between "$t" "$(first "$lab" "$b" 100 "$from")" 3.55 "$((3 + late)).9"
    comes_back "$lab" "$kind_a" "$a" "the killed one comes back"

    from=$EPOCHREALTIME
    split "$lab" on
    note "$lab" "when the segment splits there are two masters" within 6 speaks "$lab" "$b" 100 "$from"
    sleep 1.2
    note "$lab" "the better one is one of them" test "$(still "$lab" "$a" "$from")" -ge 3
    split "$lab" off
    from=$EPOCHREALTIME
    sleep 3.2
    note "$lab" "when it heals the lesser one is silent" silent_after "$lab" "$b" "$from" 1.3
    note "$lab" "and the better one goes on" test "$(still "$lab" "$a" "$from")" -ge 2

    from=$EPOCHREALTIME
    stop "$lab" b
    sleep 0.5
    note "$lab" "a backup that ends says nothing" test -z "$(first "$lab" "$b" 0 "$from")"
    frr_common "$lab"
    stop "$lab" a
}
# frr_tie LAB FAMILY KIND_OF_A KIND_OF_B: the same priority; b has the larger address
frr_tie() {
    local lab=$1 family=$2 kind_a=$3 kind_b=$4 a b from
    frr_lab "$lab" "$family" "$kind_a" "$kind_b" 100 100
    a=$(mac_of "$kind_a" 1 "$family") b=$(mac_of "$kind_b" 2 "$family")
    split "$lab" on
    from=$EPOCHREALTIME
    begin "$lab" a "$kind_a"
    begin "$lab" b "$kind_b"
    note "$lab" "apart, a is master" within 8 speaks "$lab" "$a" 100 "$from"
    note "$lab" "and so is b" within 8 speaks "$lab" "$b" 100 "$from"
    split "$lab" off
    from=$EPOCHREALTIME
    sleep 3.2
    note "$lab" "together, the smaller address is silent" silent_after "$lab" "$a" "$from" 1.3
    note "$lab" "and the larger one goes on" test "$(still "$lab" "$b" "$from")" -ge 2
    frr_common "$lab"
    stop "$lab" a
    stop "$lab" b
}
# frr_common LAB: what holds of every lab
frr_common() {
    note "$1" "no checksum is wrong" bash -c "! grep -Eq 'bad [a-z0-9 ]*cksum|cksum [^,]*wrong|wrong [a-z0-9 ]*sum' '$out/$1.cap'"
    note "$1" "every advert has the TTL 255" bash -c "[ \"\$1\" = 255 ]" _ "$(adverts "$1" | awk '{print $3}' | sort -u)"
    note "$1" "nothing could not be done" bash -c "! grep -E 'WARN|ERROR' '$out/$1'-[ab].log"
    note "$1" "no packet was refused" bash -c "! grep -E 'refused|ignored' '$out/$1'-[ab].log"
}

frr() {
    local family
    for family in v4 v6; do
        tell frr_story "frr-$family-fv" $family frr vrrplabd
        tell frr_story "frr-$family-vf" $family vrrplabd frr
        tell frr_tie "frr-tie-$family-fv" $family frr vrrplabd
        tell frr_tie "frr-tie-$family-vf" $family vrrplabd frr
    done
}
