# The time of day is set forward by a year and back by three while a pair works: nobody notices. (Only here is there a clock of
# our own: network namespaces share that of their machine, and time namespaces do not have one.)
bridge clock
for n in 1 2; do
    space "k$n"
    wire "k$n" eth0 clock "10.7.0.$n/24"
    cat >"/tmp/k$n.conf" <<END
vrrp_script check {
    script /bin/true
    interval 1
}
global_defs {
    script_user root
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority $((200 - 50 * n))
    track_script {
        check
    }
    virtual_ipaddress {
        10.7.0.100/24
    }
}
END
    daemon vrrplabd "k$n" "/tmp/k$n.conf"
done
has_it() { ip -n "$1" -o addr show dev eth0 | grep -q ' 10.7.0.100/'; }
within 10 has_it k1 || failed "clock: nobody is elected" "$(tail -n 5 /tmp/k1.log)"
entered() { cat /tmp/k1.log /tmp/k2.log | grep -c Entering; }
before=$(entered)
year=$(date +%Y)
for to in $((year + 1)) $((year - 2)) "$year"; do
    date -s "$to-06-01 12:00:00" >/dev/null
    sleep 2.5
    signal k1 USR1
    sleep 0.3
    same "clock: in $to it is master still" 1 "$(grep "^$to-" /tmp/k1.log | grep -c 'MASTER, priority')"
done
same "clock: no state changed" "$before" "$(entered)"
has_it k1 && ! has_it k2 && ok "clock: the address is where it was" || failed "clock: the address has moved"
stop k1
stop k2
