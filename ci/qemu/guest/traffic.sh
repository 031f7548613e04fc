# Connections through what vrrplabd programs, by the address that it holds as VRRP's master: who answers, and how often.
. guest/network.sh
for n in 1 2 3; do serve "s$n"; done
{
    cat /job/tables/traffic.conf
    port=8000
    for scheduler in rr wrr lc wlc lblc lblcr dh sh mh fo ovf sed nq; do
        port=$((port + 1))
        echo "virtual_server 10.8.0.100 $port {
            lb_algo $scheduler
            lb_kind NAT
            protocol TCP
            real_server 10.9.0.11 80 {
                weight 3
            }
            real_server 10.9.0.12 80 {
                weight 2
            }
            real_server 10.9.0.13 80 {
                weight 1
            }
        }"
    done
} >/tmp/traffic.conf
daemon vrrplabd d1 /tmp/traffic.conf
within 10 reaches 10.8.0.100 80 || failed "traffic: nobody answers" "$(tail -n 5 /tmp/d1.log)"
sleep 1
same "traffic: NAT, rr: each its turn" "2 s1, 2 s2, 2 s3" "$(answers 6 10.8.0.100 80)"
same "traffic: DR, rr: each its turn" "2 s1, 2 s2, 2 s3" "$(answers 6 10.9.0.100 80)"
same "traffic: TUN, rr: each its turn" "2 s1, 2 s2, 2 s3" "$(answers 6 10.9.0.101 80)"
port=8000
# once around for each: who stays with one server, who shares by weight, who prefers the first of the table
for expected in "rr:4 s1, 4 s2, 4 s3" "wrr:6 s1, 4 s2, 2 s3" "lc:" "wlc:" "lblc:" "lblcr:" "dh:12" "sh:12" "mh:12" \
    "fo:12 s1" "ovf:12 s1" "sed:" "nq:"; do
    port=$((port + 1))
    scheduler=${expected%%:*}
    wanted=${expected#*:}
    got=$(answers 12 10.8.0.100 "$port")
    case $wanted in
    "") case $got in
        *nobody*) failed "traffic: $scheduler" "$got" ;;
        *) ok "traffic: $scheduler: $got" ;;
        esac ;;
    12) case $got in
        "12 s"*) ok "traffic: $scheduler stays with one: $got" ;;
        *) failed "traffic: $scheduler stays with one" "$got" ;;
        esac ;;
    *) same "traffic: $scheduler: $wanted" "$wanted" "$got" ;;
    esac
done
stop d1
same "traffic: after the end nobody answers" nobody "$(fetch 10.8.0.100 80)"
for n in 1 2 3; do fail "s$n"; done
