# Two directors: the master tells the backup of its connections, so that one goes on when the master ends.
. guest/network.sh
for n in 1 2 3; do
    ( exec /sbin/ip netns exec "s$n" nc -l -p 7 -e /bin/cat ) >/dev/null 2>&1 &
    echo $! >"/tmp/s$n.listener"
done
for n in 1 2; do sed "s/PRIORITY/$((250 - 50 * n))/" /job/tables/sync.conf >"/tmp/sync-d$n.conf"; done
daemon vrrplabd d1 /tmp/sync-d1.conf
daemon vrrplabd d2 /tmp/sync-d2.conf
roles() { for n in 1 2; do at "d$n" ipvsadm -L --daemon | awk '{print $1, $4, $5, $6}'; done; }
master_is() { at "$1" ipvsadm -L --daemon | grep -q '^master'; }
within 10 master_is d1
sleep 0.5
same "sync: the master tells, the backup hears" "master (mcast=eth0, syncid=51, maxlen=1472,
backup (mcast=eth0, syncid=51, maxlen=1472," "$(roles)"
# a connection that says a word every 0.3 s
mkfifo /tmp/words
trap '' PIPE
( exec /sbin/ip netns exec c nc 10.9.0.100 7 ) </tmp/words >/tmp/echoed 2>/dev/null &
talker=$!
exec 3>/tmp/words
for word in 1 2 3 4 5 6 7 8; do
    echo "$word" >&3
    sleep 0.3
done
known() { at "$1" ipvsadm -Lnc | grep -c 'ESTABLISHED.*10.9.0.100:7'; }
same "sync: both know the connection" "1 1" "$(known d1) $(known d2)"
stop d1
within 10 master_is d2 || failed "sync: the backup does not become master" "$(tail -n 5 /tmp/d2.log)"
same "sync: the stopped director's daemon is stopped" "" "$(at d1 ipvsadm -L --daemon)"
for word in 9 10 11 12; do
    echo "$word" >&3
    sleep 0.3
done
within 5 grep -q '^12$' /tmp/echoed
same "sync: the connection has gone on" "$(seq 1 12)" "$(cat /tmp/echoed)"
exec 3>&-
kill "$talker" 2>/dev/null
stop d2
same "sync: nothing is left" "" "$(at d2 ipvsadm -Sn)$(at d2 ipvsadm -L --daemon)"
for n in 1 2 3; do kill "$(cat "/tmp/s$n.listener")" 2>/dev/null; done
