# What servers hear of checkers, by vrrplabd (d1) and by keepalived (d2): the same requests, from where they shall come, the same
# verdicts, the same notify scripts.
. guest/network.sh
mkdir -p /tmp/heard
cat >/tmp/web.sh <<'END'
from=${TCPREMOTEADDR%:*}
while read -r line; do
    line=$(echo "$line" | tr -d '\r')
    [ -n "$line" ] || break
    request="$request$line|"
done
echo "$1 $request" >>"/tmp/heard/$from"
status=$(cat /tmp/status)
printf 'HTTP/1.1 %s Said\r\nContent-Length: 999\r\n\r\nabc' "$status"
END
cat >/tmp/mail.sh <<'END'
from=${TCPREMOTEADDR%:*}
[ "$1" = good ] || { printf '554 go away\r\n'; exit; }
printf '220 hello\r\n'
read -r helo
printf '250 hello\r\n'
read -r quit
printf '221 bye\r\n'
echo "mail $helo|$quit|" | tr -d '\r' >>"/tmp/heard/$from"
END
echo 'echo "$2 $3" >>"/tmp/calls-$1"' >/tmp/call.sh
echo 200 >/tmp/status
listeners=""
# listens SERVER COMMAND..
listens() {
    local server=$1
    shift
    ( exec /sbin/ip netns exec "$server" "$@" ) >/dev/null 2>&1 &
    listeners="$listeners $!"
}
for n in 1 2 3; do listens "s$n" tcpsvd 0.0.0.0 8080 sh /tmp/web.sh "s$n"; done
listens s1 tcpsvd 0.0.0.0 2525 sh /tmp/mail.sh good
listens s2 tcpsvd 0.0.0.0 2526 sh /tmp/mail.sh bad
listens s1 udpsvd 0.0.0.0 7 cat
for n in 1 2; do
    ip -n "d$n" addr add "10.9.0.2$n/24" dev eth0
    sed "s/DIRECTOR/d$n/; s/OWN/10.9.0.2$n/" /job/tables/checks.conf >"/tmp/checks-d$n.conf"
done
sleep 0.2
daemon vrrplabd d1 /tmp/checks-d1.conf
daemon keepalived d2 /tmp/checks-d2.conf
sleep 12
same "checks: the same servers are alive" "$(at d2 ipvsadm -Sn)" "$(at d1 ipvsadm -Sn)"
at d1 ipvsadm -Sn | grep -e '^-a' | sed 's/^/   /'
# heard NUMBER: each thing that servers have heard from a director, once
heard() { sort -u "/tmp/heard/10.9.0.$1"; }
same "checks: servers hear the same requests" "$(heard 2)" "$(heard 1)"
heard 1 | sed 's/^/   /'
same "checks: bindto is what the server sees" "$(heard 22)" "$(heard 21)"
echo 500 >/tmp/status
sleep 8
same "checks: another status: the same servers are alive" "$(at d2 ipvsadm -Sn)" "$(at d1 ipvsadm -Sn)"
echo 200 >/tmp/status
sleep 12
same "checks: all is well again: the same servers are alive" "$(at d2 ipvsadm -Sn)" "$(at d1 ipvsadm -Sn)"
same "checks: the same notify scripts were called" "$(cat /tmp/calls-d2)" "$(cat /tmp/calls-d1)"
tr '\n' ',' </tmp/calls-d1 | sed 's/^/   /; s/,$/\n/'
stop d1
stop d2
same "checks: nothing is left" "$(at d2 ipvsadm -Sn)" "$(at d1 ipvsadm -Sn)"
for listener in $listeners; do kill "$listener"; done
