# A flight recording of a director whose server dies and comes back: engine and checkers do the same again.
. guest/network.sh
cp /job/tables/flight.conf /tmp/flight.conf
for n in 1 2; do serve "s$n"; done
sleep 0.2
daemon vrrplabd d1 /tmp/flight.conf --record /tmp/d1.flight
has() { at d1 ipvsadm -Sn | grep -q -e "-r 10.9.0.12:80 .*-w [1-9]"; }
hasnt() { ! has; }
within 10 has || failed "flight: the servers are there" "$(tail -n 5 /tmp/d1.log)"
sleep 3
fail s2
within 20 hasnt || failed "flight: a dead server is taken out" "$(tail -n 5 /tmp/d1.log)"
serve s2
within 20 has || failed "flight: it comes back" "$(tail -n 5 /tmp/d1.log)"
stop d1
told=$(vrrplab replay /tmp/d1.flight 2>&1)
case $told in
*'Removing service [10.9.0.12]:tcp:80'*'Adding service [10.9.0.12]:tcp:80'*', the same') ok "flight: the recording of a server that dies and comes back is replayed to the same effects" ;;
*) failed "flight: the recording of a server that dies and comes back is replayed to the same effects" "$(echo "$told" | tail -n 12)" ;;
esac
for n in 1 2; do fail "s$n"; done
