# What servers hear of checkers, by vrrplabd (d1) and by keepalived (d2): the same requests, from where they shall come, the same
# verdicts, the same notify scripts.
. guest/network.sh
mkdir -p /tmp/heard
for n in 1 2 3; do
    mkdir -p "/tmp/www/s$n/cgi-bin"
    cat >"/tmp/www/s$n/cgi-bin/health" <<END
#!/bin/sh
from=\${REMOTE_ADDR##*:}
echo "s$n \$REQUEST_METHOD \$REQUEST_URI \$SERVER_PROTOCOL \$HTTP_HOST \$HTTP_USER_AGENT" >>"/tmp/heard/\${from%]}"
printf 'HTTP/1.1 %s Said\r\nContent-Length: 999\r\n\r\nabc' "\$(cat /tmp/status)"
END
    chmod 755 "/tmp/www/s$n/cgi-bin/health"
done
cat >/tmp/good.sh <<'END'
#!/bin/sh
printf '220 hello\r\n'
read -r helo
printf '250 hello\r\n'
read -r quit
printf '221 bye\r\n'
echo "$helo, $quit" | tr -d '\r' >>"/tmp/heard/mail"
END
printf '#!/bin/sh\necho "554 go away"\n' >/tmp/bad.sh
chmod 755 /tmp/good.sh /tmp/bad.sh
echo 'echo "$2 $3" >>"/tmp/calls-$1"' >/tmp/call.sh
echo 200 >/tmp/status
listeners=""
# listens SERVER PORT PROGRAM: the program talks to each who connects
listens() {
    ( exec /sbin/ip netns exec "$1" nc -ll -p "$2" -e "$3" ) >/dev/null 2>&1 &
    listeners="$listeners $!"
}
for n in 1 2 3; do serve "s$n"; done
# each director has mail servers of its own
for n in 1 2; do
    listens s1 "252$n" /tmp/good.sh
    listens s2 "252$n" /tmp/bad.sh
done
for n in 1 2; do
    ip -n "d$n" addr add "10.9.0.2$n/24" dev eth0
    sed "s/DIRECTOR/d$n/; s/OWN/10.9.0.2$n/; s/MAILPORT/252$n/" /job/tables/checks.conf >"/tmp/checks-d$n.conf"
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
[ -s /tmp/heard/10.9.0.1 ] && [ -s /tmp/heard/10.9.0.21 ] || failed "checks: servers have heard nothing" "$(ls /tmp/heard)"
same "checks: bindto is what the server sees" "$(heard 22)" "$(heard 21)"
same "checks: both say the same to mail servers" "HELO director.example, QUIT" "$(sort -u /tmp/heard/mail)"
echo 500 >/tmp/status
sleep 8
same "checks: another status: the same servers are alive" "$(at d2 ipvsadm -Sn)" "$(at d1 ipvsadm -Sn)"
echo 200 >/tmp/status
sleep 12
same "checks: all is well again: the same servers are alive" "$(at d2 ipvsadm -Sn)" "$(at d1 ipvsadm -Sn)"
same "checks: the same notify scripts were called" "$(sort /tmp/calls-d2)" "$(sort /tmp/calls-d1)"
tr '\n' ',' </tmp/calls-d1 | sed 's/^/   /; s/,$/\n/'
stop d1
stop d2
same "checks: nothing is left" "$(at d2 ipvsadm -Sn)" "$(at d1 ipvsadm -Sn)"
for listener in $listeners; do kill "$listener"; done
for n in 1 2 3; do fail "s$n"; done
