# Part of ci/interop.sh, which sources it: what tcpdump and `ip addr` say, and the notes that are made of it.

# within SECONDS COMMAND..: until it holds
within() {
    local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    while ! "$@"; do
        [ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
        sleep 0.02
    done
}
# (grep -q would end before ip has written everything, which pipefail takes for a failure)
holds() { ip -n "$prefix-$1-$2" -o addr show 2>/dev/null | grep -F " $3/" >/dev/null; }
lacks() { ! holds "$@"; }
only() { holds "$1" "$2" "$3" && lacks "$1" "$4" "$3"; }
labelled() { ip -n "$prefix-$1-$2" -o addr show label "$3" | grep . >/dev/null; }
no_link() { ! ip -n "$prefix-$1-$2" link show "$3" >/dev/null 2>&1; }

# note LAB WHAT COMMAND..: one result
note() {
    local lab=$1 what=$2
    shift 2
    if "$@"; then echo "ok   $lab: $what" >>"$out/$lab.results"; else echo "FAIL $lab: $what" >>"$out/$lab.results"; fi
}

# adverts LAB: one line each: time, MAC, TTL, priority. Records of tcpdump go over several lines.
adverts() {
    awk '/^[0-9]/ { if (line != "") print line; line = $0; next } { line = line " " $0 } END { print line }' "$out/$1.cap" |
        sed -nE 's/^([0-9.]+) ([0-9a-f:]+) > .*(ttl|hlim) ([0-9]+).*VRRPv[23], Advertisement.* prio ([0-9]+).*/\1 \2 \4 \5/p'
}
# announcements LAB MAC FROM: how many of the address after a time
announcements() {
    awk '/^[0-9]/ { if (line != "") print line; line = $0; next } { line = line " " $0 } END { print line }' "$out/$1.cap" |
        awk -v mac="$2" -v from="$3" -v vip="$4" '$1 >= from && $2 == mac &&
            (index($0, "who-has " vip " (ff:ff:ff:ff:ff:ff) tell " vip) ||
             (/neighbor advertisement/ && index($0, "tgt is " vip ","))) { n++ } END { print n + 0 }'
}
# reports_none LAB MAC: whether it never says that it is in a group
reports_none() { ! grep -E "^[0-9.]+ $2 > .*(IGMP|HBH|multicast listener)" "$out/$1.cap" >/dev/null; }
# first LAB MAC PRIORITY FROM: when the first such advert came
first() { adverts "$1" | awk -v mac="$2" -v prio="$3" -v from="$4" '$1 >= from && $2 == mac && $4 == prio { print $1; exit }'; }
# last_before LAB PRIORITY BEFORE: when the last such advert came
last_before() { adverts "$1" | awk -v prio="$2" -v before="$3" '$1 < before && $4 == prio { t = $1 } END { print t }'; }
# between FROM TO LEAST MOST: whether the second time comes so many seconds after the first
between() {
    [ -n "$1" ] && [ -n "$2" ] && awk -v a="$1" -v b="$2" -v least="$3" -v most="$4" \
        'BEGIN { d = b - a; exit !(d >= least && d <= most) }'
}

# --- what a daemon says

ctl() {
    local lab=$1 place=$2
    shift 2
    in_lab "$lab" "$place" timeout 20 "$VRRPLAB" ctl --socket "$out/$lab-$place.sock" "$@"
}
# says WORDS COMMAND..: whether it prints these words
says() {
    local words=$1 told
    shift
    told=$("$@" 2>&1) || return 1
    [[ $told == *"$words"* ]]
}
counter() { ctl "$1" a stats --json | sed -nE "s/.*\"$2\":([0-9]+).*/\1/p"; }
answers() { in_lab "$1" c ping -n -q -c 1 -W 1 "$2" >/dev/null 2>&1; }
silent() { ! answers "$@"; }
