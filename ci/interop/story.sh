# Part of ci/interop.sh, which sources it: a story: election, SIGTERM, return, SIGKILL, return, end.

# story LAB MODE KIND_OF_A KIND_OF_B
story() {
    local lab=$1 mode=$2 kind_a=$3 kind_b=$4 vip=10.9.0.100 mac_a=02:00:00:00:00:01 mac_b=02:00:00:00:00:02
    local t_stop t_back t_kill t_end released taken last
    lab_up "$lab"
    configure "$lab" "$mode"
    case $mode in
    v6) vip=fd09::100 ;;
    vmac) mac_a=00:00:5e:00:01:33 mac_b=$mac_a ;;
    vmac6) vip=fd09::100 mac_a=00:00:5e:00:02:33 mac_b=$mac_a ;;
    esac
    start "$lab" b "$kind_b"
    start "$lab" a "$kind_a"
    note "$lab" "the better one has the address" within 8 only "$lab" a "$vip" b
    sleep 1.2
    t_stop=$EPOCHREALTIME
    stop "$lab" a
    note "$lab" "after SIGTERM the other one has it" within 3 only "$lab" b "$vip" a
    note "$lab" "it ends" within 4 gone "$lab" a
    [ $mac_a != $mac_b ] || note "$lab" "its macvlan is gone" no_link "$lab" a vrrp.51
    sleep 0.5
    t_back=$EPOCHREALTIME
    start "$lab" a "$kind_a"
    note "$lab" "it comes back and takes the address" within 8 only "$lab" a "$vip" b
    sleep 1.2
    t_kill=$EPOCHREALTIME
    murder "$lab" a
    note "$lab" "after SIGKILL the other one has it" within 6 holds "$lab" b "$vip"
    note "$lab" "the dead one has it still" holds "$lab" a "$vip"
    sleep 0.5
    start "$lab" a "$kind_a"
    note "$lab" "at its next start it gives up what was left" within 2 lacks "$lab" a "$vip"
    note "$lab" "and takes it again in order" within 8 only "$lab" a "$vip" b
    sleep 0.5
    t_end=$EPOCHREALTIME
    stop "$lab" b
    note "$lab" "the backup ends" within 4 gone "$lab" b
    stop "$lab" a
    note "$lab" "the master ends" within 4 gone "$lab" a
    note "$lab" "no address is left" lacks "$lab" a "$vip"
    note "$lab" "none on the other either" lacks "$lab" b "$vip"
    sleep 0.5

    # what the wire saw
    note "$lab" "no checksum is wrong" bash -c "! grep -Eq 'bad [a-z0-9 ]*cksum|cksum [^,]*wrong|wrong [a-z0-9 ]*sum' '$out/$lab.cap'"
    note "$lab" "every advert has the TTL 255" bash -c "[ \"\$1\" = 255 ]" _ "$(adverts "$lab" | awk '{print $3}' | sort -u)"
    if [ $mac_a != $mac_b ]; then
        released=$(first "$lab" $mac_a 0 "$t_stop")
        taken=$(first "$lab" $mac_b 100 "${released:-$t_stop}")
        note "$lab" "a release at once" between "$t_stop" "$released" 0 0.3
        note "$lab" "the other's advert after its skew" between "$released" "$taken" 0.6 0.9
        note "$lab" "five announcements with it" test "$(announcements "$lab" $mac_b "${taken:-0}" "$vip")" -ge 5
        taken=$(first "$lab" $mac_a 150 "$t_back")
        note "$lab" "five announcements of the returned one" test "$(announcements "$lab" $mac_a "${taken:-0}" "$vip")" -ge 5
        taken=$(first "$lab" $mac_b 100 "$t_kill")
        last=$(last_before "$lab" 150 "$taken")
        note "$lab" "after the last advert of the dead one, the down timer" between "$last" "$taken" 3.58 3.9
    else
        released=$(first "$lab" $mac_a 0 "$t_stop")
        taken=$(first "$lab" $mac_b 100 "${released:-$t_stop}")
        note "$lab" "release and advert, from the virtual MAC" between "$released" "$taken" 0.6 0.9
        note "$lab" "no group report leaves with the virtual MAC" reports_none "$lab" $mac_a
        note "$lab" "five announcements of the virtual MAC" test "$(announcements "$lab" $mac_b "${taken:-0}" "$vip")" -ge 5
        taken=$(first "$lab" $mac_b 100 "$t_kill")
        last=$(last_before "$lab" 150 "$taken")
        note "$lab" "after the last advert of the dead one, the down timer" between "$last" "$taken" 3.58 3.9
    fi
    # keepalived does not say so: only of a vrrplabd it can be asked
    note "$lab" "nothing could not be done" bash -c "! grep -E 'WARN|ERROR' '$out/$lab'-[ab].log"
    note "$lab" "the last release comes from the master" between "$t_end" "$(first "$lab" $mac_a 0 "$t_end")" 0 4
}
