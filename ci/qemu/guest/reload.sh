# SIGHUP with another file, and back: the tables stay the same, step by step.
for kind in vrrplabd keepalived; do
    space "$kind-reload"
    ip -n "$kind-reload" link add eth0 type dummy
    ip -n "$kind-reload" link set eth0 up
    ip -n "$kind-reload" addr add 10.9.0.1/24 dev eth0
    cp /job/tables/before.conf "/tmp/$kind-reload.conf"
    daemon "$kind" "$kind-reload" "/tmp/$kind-reload.conf"
done
for kind in vrrplabd keepalived; do within 10 calm "$kind-reload"; done
same "reload: before" "$(table keepalived-reload)" "$(table vrrplabd-reload)"
for next in after before; do
    for kind in vrrplabd keepalived; do
        cp "/job/tables/$next.conf" "/tmp/$kind-reload.conf"
        signal "$kind-reload" HUP
    done
    sleep 2
    for kind in vrrplabd keepalived; do within 10 calm "$kind-reload"; done
    same "reload: $next" "$(table keepalived-reload)" "$(table vrrplabd-reload)"
done
before=$(table vrrplabd-reload)
echo "vrrp_instance A { interface none }" >/tmp/vrrplabd-reload.conf
signal vrrplabd-reload HUP
sleep 1
same "reload: a file that is refused changes nothing" "$before" "$(table vrrplabd-reload)"
for kind in vrrplabd keepalived; do stop "$kind-reload"; done
