# kill -9 leaves the table; the next start takes it over, and what others have put there stays.
space leftover
ip -n leftover link add eth0 type dummy
ip -n leftover link set eth0 up
ip -n leftover addr add 10.9.0.1/24 dev eth0
cp /job/tables/before.conf /tmp/leftover.conf
daemon vrrplabd leftover /tmp/leftover.conf
within 10 calm leftover
before=$(table leftover)
signal leftover KILL
within 5 is_gone leftover
same "stop: kill -9 leaves the table" "$before" "$(table leftover)"
at leftover ipvsadm -A -t 10.99.9.9:99 -s rr
at leftover ipvsadm -a -t 10.99.9.9:99 -r 10.9.0.99:99 -m
at leftover ipvsadm -e -t 10.99.0.1:80 -r 10.9.0.12:80 -m -w 9
at leftover ipvsadm -a -t 10.99.0.2:80 -r 10.9.0.66:80 -g
with_other=$(at leftover ipvsadm -Sn | grep -e 99.9.9)
daemon vrrplabd leftover /tmp/leftover.conf
sleep 1
within 10 calm leftover
same "stop: the next start takes its services over" "$(echo "$before" | grep -e '^-')" "$(at leftover ipvsadm -Sn | grep -v -e 99.9.9)"
same "stop: and leaves those of others" "$with_other" "$(at leftover ipvsadm -Sn | grep -e 99.9.9)"
if grep -q -i 'error' /tmp/leftover.log; then failed "stop: no error is said" "$(grep -i error /tmp/leftover.log)"; else ok "stop: no error is said"; fi
stop leftover
same "stop: SIGTERM removes what is its own" "$with_other" "$(at leftover ipvsadm -Sn)"
