# The same servers judged by vrrplabd (d1) and by keepalived (d2), each with a table of its own: they die and come back.
. guest/network.sh
for n in 1 2 3; do serve "s$n"; done
printf '#!/bin/sh\nexit $(cat /tmp/wish)\n' >/tmp/wish.sh
chmod 755 /tmp/wish.sh
echo 0 >/tmp/wish
cp /job/tables/health.conf /tmp/health.conf
sleep 0.2
daemon vrrplabd d1 /tmp/health.conf
daemon keepalived d2 /tmp/health.conf
tables() { at "$1" ipvsadm -Sn; }
agree() { [ "$(tables d1)" = "$(tables d2)" ]; }
# phase NAME SECONDS WORD: both tables come to hold or lose what makes the line count of WORD
phase() {
    if within "$2" agree; then ok "health: $1"; else failed "health: $1" "d1: $(tables d1)" "d2: $(tables d2)" "$(tail -n 4 /tmp/d1.log)"; fi
}
within 10 calm d2
sleep 4
phase "all are well: the tables are the same" 5
# lost SERVER NAME: how long each takes; both within two seconds of each other
has() { at "$1" ipvsadm -Sn | grep -q -e "-r $2:80 .*-w [1-9]"; }
hasnt() { ! has "$1" "$2"; }
uptime_ms() { awk '{printf "%d", $1 * 1000}' /proc/uptime; }
# watch WHAT SERVER: prints how long each director takes until WHAT (has, hasnt) holds, in ms
watch() {
    local from=$(uptime_ms) ours="" theirs=""
    while [ -z "$ours" ] || [ -z "$theirs" ]; do
        [ -n "$ours" ] || { $1 d1 "$2" && ours=$(($(uptime_ms) - from)); }
        [ -n "$theirs" ] || { $1 d2 "$2" && theirs=$(($(uptime_ms) - from)); }
        [ $(($(uptime_ms) - from)) -lt 20000 ] || break
        sleep 0.05
    done
    echo "${ours:-never} ${theirs:-never}"
}
# timed NAME WHAT SERVER: both get there, and not much later than delay_loop and retry allow
timed() {
    set -- "$1" $(watch "$2" "$3")
    if [ "$2" != never ] && [ "$3" != never ]; then
        ok "health: $1 (vrrplabd after $2 ms, keepalived after $3 ms)"
    else
        failed "health: $1" "vrrplabd: $2 ms, keepalived: $3 ms" "$(tail -n 4 /tmp/d1.log)"
    fi
}
fail s2
timed "a web server ends: it is taken out" hasnt 10.9.0.12
phase "and the tables agree" 8
same "health: an operator is shown what ipvsadm shows" "$(at d1 ipvsadm -Ln | tail -n +2)" "$(shown)"
if vrrplab ctl ipvs | grep -q '\[10.9.0.12\]:tcp:80 *down '; then
    ok "health: and is told that the server is down"
else
    failed "health: and is told that the server is down" "$(vrrplab ctl ipvs)"
fi
serve s2
timed "it is back: it is put in" has 10.9.0.12
phase "and the tables agree again" 8
ip -n s3 link set eth0 down
timed "a server falls silent" hasnt 10.9.0.13
phase "both tables lost it" 8
ip -n s3 link set eth0 up
ip -n s3 route replace default via 10.9.0.1
timed "it can be heard again" has 10.9.0.13
phase "both tables have it" 8
fail s1
fail s2
ip -n s3 link set eth0 down
sleep 5
phase "all are dead: sorry servers are in their place" 8
tables d1 | sed 's/^/   /'
for n in 1 2; do serve "s$n"; done
ip -n s3 link set eth0 up
ip -n s3 route replace default via 10.9.0.1
sleep 5
phase "all are back" 8
for wish in 7 2 1 0; do
    echo "$wish" >/tmp/wish
    sleep 2.2
    phase "a script that ends with $wish" 5
done
tables d1 | grep ':8888' | sed 's/^/   /'
stop d1
stop d2
same "health: nothing is left" "$(tables d2)" "$(tables d1)"
for n in 1 2 3; do fail "s$n"; done
