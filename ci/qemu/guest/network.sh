# Sourced by the parts that need traffic: a client, two directors, three servers. `out` is where clients are, `lan` where servers
# are; the client has an interface in both, for servers that answer by themselves.
if [ ! -e /tmp/network ]; then
    : >/tmp/network
    bridge out
    bridge lan
    for place in c d1 d2 s1 s2 s3; do space "$place"; done
    wire c eth0 out 10.8.0.5/24
    wire c eth1 lan 10.9.0.5/24
    for n in 1 2; do
        wire "d$n" eth0 lan "10.9.0.$n/24"
        wire "d$n" eth1 out "10.8.0.$n/24"
        at "d$n" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects; echo 0 >/proc/sys/net/ipv4/conf/eth0/send_redirects'
    done
    for n in 1 2 3; do
        wire "s$n" eth0 lan "10.9.0.1$n/24"
        ip -n "s$n" route add default via 10.9.0.1
        at "s$n" sh -c 'cd /proc/sys/net/ipv4/conf; echo 1 >all/arp_ignore; echo 2 >all/arp_announce'
        ip -n "s$n" addr add 10.9.0.100/32 dev lo
        ip -n "s$n" addr add 10.9.0.101/32 dev lo
        ip -n "s$n" link set tunl0 up || ip -n "s$n" tunnel add tunl0 mode ipip
        at "s$n" sh -c 'cd /proc/sys/net/ipv4/conf; for i in all eth0 tunl0; do echo 0 >$i/rp_filter; done'
        mkdir -p "/tmp/www/s$n"
        echo "s$n" >"/tmp/www/s$n/index.html"
    done
fi
# serve SERVER: its web server runs
serve() {
    ( exec /sbin/ip netns exec "$1" httpd -f -p 80 -h "/tmp/www/$1" ) >/dev/null 2>&1 &
    echo $! >"/tmp/$1.httpd"
}
# fail SERVER: it runs no more
fail() {
    kill "$(cat "/tmp/$1.httpd")"
    wait "$(cat "/tmp/$1.httpd")" 2>/dev/null
}
# fetch ADDRESS PORT: the name of the server that answers
fetch() {
    local page
    page=$(printf 'GET / HTTP/1.0\r\n\r\n' | at c nc -w 2 "$1" "$2" 2>/dev/null | tail -n 1)
    echo "${page:-nobody}"
}
# answers TIMES ADDRESS PORT: who answered how often: `4 s1, 4 s2, 4 s3`
answers() {
    local times=$1
    while [ "$times" -gt 0 ]; do
        fetch "$2" "$3"
        times=$((times - 1))
    done | sort | uniq -c | awk '{printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2}'
}
reaches() { [ "$(fetch "$1" "$2")" != nobody ]; }
