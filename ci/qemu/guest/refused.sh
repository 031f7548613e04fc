# Somebody deletes a virtual server while one of its servers is down: the kernel refuses to add that server when it is well again.
# vrrplabd (d1) and keepalived (d2) try again after each good check, and have it soon after the virtual server is back.
. guest/network.sh
cp /job/tables/flight.conf /tmp/refused.conf
for n in 1 2; do serve "s$n"; done
sleep 0.2
daemon vrrplabd d1 /tmp/refused.conf --record /tmp/refused.flight
daemon keepalived d2 /tmp/refused.conf
has() { at "$1" ipvsadm -Sn | grep -q -e "-r 10.9.0.12:80 .*-w [1-9]"; }
hasnt() { ! has "$1"; }
both() { "$1" d1 && "$1" d2; }
# added SPACE: how often the server was to be added so far
added() { grep -c 'Adding service \[10.9.0.12\]:tcp:80 to VS' "/tmp/$1.log"; }
tried() { [ "$(added d1)" -ge "$1" ] && [ "$(added d2)" -ge "$1" ]; }
within 10 both has || failed "refused: the servers are there" "$(tail -n 5 /tmp/d1.log)"
sleep 3
fail s2
within 20 both hasnt || failed "refused: a dead server is taken out" "$(tail -n 5 /tmp/d1.log)"
service=$(at d1 ipvsadm -Sn | sed -n 's/^-A //p')
for space in d1 d2; do at "$space" ipvsadm -D $(echo "$service" | cut -d ' ' -f 1-2); done
serve s2
if within 20 tried 3; then
    ok "refused: without its virtual server, a server is tried again after each good check"
else
    failed "refused: without its virtual server, a server is tried again after each good check" "$(tail -n 8 /tmp/d1.log)" "$(tail -n 8 /tmp/d2.log)"
fi
if vrrplab ctl ipvs | grep -q '\[10.9.0.12\]:tcp:80 *down '; then
    ok "refused: meanwhile it counts as down"
else
    failed "refused: meanwhile it counts as down" "$(vrrplab ctl ipvs)"
fi
for space in d1 d2; do at "$space" ipvsadm -A $service; done
if within 10 both has; then
    ok "refused: with the virtual server back, the server is added"
else
    failed "refused: with the virtual server back, the server is added" "$(tail -n 8 /tmp/d1.log)" "$(tail -n 8 /tmp/d2.log)"
fi
before="$(added d1) $(added d2)"
sleep 4
same "refused: and then there is no more to be tried" "$before" "$(added d1) $(added d2)"
same "refused: the tables are the same" "$(at d2 ipvsadm -Sn)" "$(at d1 ipvsadm -Sn)"
stop d1
stop d2
told=$(vrrplab replay /tmp/refused.flight 2>&1)
case $told in
*', the same'*) ok "refused: the recording is replayed to the same effects" ;;
*) failed "refused: the recording is replayed to the same effects" "$(echo "$told" | tail -n 12)" ;;
esac
for n in 1 2; do fail "s$n"; done
