# What vrrplabd (d1) and keepalived (d2) mail of servers, checkers and quorums, each to a mail server of its own: the same mails.
. guest/network.sh
for n in 1 2 3; do serve "s$n"; done
printf '#!/bin/sh\nexit $(cat /tmp/wish)\n' >/tmp/wish.sh
cat >/tmp/greet.sh <<'END'
#!/bin/sh
printf '220 hello\r\n'
read -r helo
printf '250 hello\r\n'
read -r quit
printf '221 bye\r\n'
END
# sink SPACE: a mail server that writes the subject and the text of each mail into /tmp/mails-SPACE
sink() {
    cat >"/tmp/sink-$1" <<END
#!/bin/sh
said() { printf '%s\r\n' "\$1"; }
said "220 sink"
while read -r line; do
    line=\$(echo "\$line" | tr -d '\r')
    case \$line in
    DATA) said "354 go on" ;;
    QUIT) said "221 bye"; break ;;
    "Subject: "*) subject=\${line#Subject: } ;;
    "=> "*) text=\$line ;;
    .) said "250 taken"; echo "\$subject: \$text" >>/tmp/mails-$1 ;;
    [EH]*LO* | "MAIL FROM"* | "RCPT TO"*) said "250 well" ;;
    esac
done
END
    chmod 755 "/tmp/sink-$1"
    : >"/tmp/mails-$1"
    ( exec /sbin/ip netns exec "$1" nc -ll -p 25 -e "/tmp/sink-$1" ) >/dev/null 2>&1 &
    listeners="$listeners $!"
}
# greets: the mail server that is balanced
greets() {
    ( exec /sbin/ip netns exec s1 nc -ll -p 2525 -e /tmp/greet.sh ) >/dev/null 2>&1 &
    greeter=$!
}
chmod 755 /tmp/wish.sh /tmp/greet.sh
echo 0 >/tmp/wish
echo 0 >/tmp/tracked
listeners=""
sink d1
sink d2
greets
# mailed NAME COUNT: both have sent so many, and the same; the order of different servers is their timers'
listed() { sort "/tmp/mails-$1"; }
settled() { [ "$(wc -l </tmp/mails-d2)" -ge "$1" ] && [ "$(listed d1)" = "$(listed d2)" ]; }
mailed() {
    sleep 2
    within 100 settled "$2"
    same "mails: $1" "$(listed d2)" "$(listed d1)"
    settled "$2" || failed "mails: $1: $2 expected" "$(listed d2)"
    listed d1 | sed 's/^/   /'
    : >/tmp/mails-d1
    : >/tmp/mails-d2
}
cp /job/tables/mails.conf /tmp/mails.conf
daemon vrrplabd d1 /tmp/mails.conf
daemon keepalived d2 /tmp/mails.conf
mailed "quorums at the start, and the first results of programs and of those that begin as failed" 6
echo 1 >/tmp/wish
echo 1 >/tmp/tracked
kill "$greeter"
fail s1
fail s2
mailed "servers and quorums go down" 8
echo 0 >/tmp/wish
echo 0 >/tmp/tracked
greets
serve s1
serve s2
mailed "and come back" 8
cp /job/tables/mails-after.conf /tmp/mails.conf
signal d1 HUP
signal d2 HUP
mailed "a reload drops a server, and with it a quorum, and a virtual server" 5
stop d1
stop d2
mailed "the end is not mailed" 0
for listener in $listeners "$greeter"; do kill "$listener"; done
for n in 1 2 3; do fail "s$n"; done
