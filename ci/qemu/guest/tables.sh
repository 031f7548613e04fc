# What vrrplabd programs of a file is what keepalived programs of it; and both leave the same behind.
for name in schedulers forwarding persistence keys globals; do
    config=/job/tables/$name.conf
    for kind in vrrplabd keepalived; do
        space "$kind-$name"
        ip -n "$kind-$name" link add eth0 type dummy
        ip -n "$kind-$name" link set eth0 up
        ip -n "$kind-$name" addr add 10.9.0.1/24 dev eth0
        daemon "$kind" "$kind-$name" "$config"
    done
    for kind in vrrplabd keepalived; do
        within 10 calm "$kind-$name" || failed "$kind programs nothing of $name.conf" "$(tail -n 5 "/tmp/$kind-$name.log")"
    done
    ours=$(table "vrrplabd-$name")
    same "tables: $name.conf, $(at "keepalived-$name" ipvsadm -Sn | grep -c -e '^-A') services and $(at "keepalived-$name" ipvsadm -Sn | grep -c -e '^-a') servers" \
        "$(table "keepalived-$name")" "$ours"
    same "tables: vrrplab ctl ipvs shows $name.conf as ipvsadm does" "$(at "vrrplabd-$name" ipvsadm -Ln | tail -n +2)" "$(shown)"
    same "tables: the kernel's table is what the checkers want of $name.conf" "" "$(vrrplab ctl ipvs --drift)"
    [ "$name" = schedulers ] && echo "$ours" | head -n 12 | sed 's/^/   /'
    stop "vrrplabd-$name"
    stop "keepalived-$name"
    same "tables: what $name.conf leaves at the end" "$(table "keepalived-$name")" "$(table "vrrplabd-$name")"
done
