#!/usr/bin/env bash
# Asks the real keepalived what `keepalived -t` says about every configuration of captures/keepalived-t and of the
# recordings, and compares that with captures/keepalived-t/verdicts.json. Prints "N agreed, N differ"; exits 1 on a
# difference, 2 when it cannot ask (not root, no keepalived 2.2.7, no namespaces).
# Usage: bash ci/keepalived-t.sh             compare
#        bash ci/keepalived-t.sh --quick     compare only what `keepalived -t` says, and start no daemon
#        bash ci/keepalived-t.sh --write     write verdicts.json anew
#        bash ci/keepalived-t.sh --show FILE.conf ...    only print exit status and output, for trying things out
#        bash ci/keepalived-t.sh --dump FILE.conf ...    the same, and the settings as the daemon understood them
#
# Everything runs in network, mount and host name namespaces without a name: nothing of the host's interfaces, of its
# /etc/keepalived or of its /run is seen or changed, and the kernel removes all of it with the last process.
set -euo pipefail
self=$(realpath "${BASH_SOURCE[0]}")
root=$(dirname "$(dirname "$self")")
. "$root/ci/install.sh"
corpus=$root/captures/keepalived-t
wanted="v2.2.7"

give_up() {
    echo "keepalived-t: $1: nothing was checked" >&2
    exit 2
}

install_keepalived() {
    provide keepalived:keepalived || give_up "keepalived is missing"
}

make_interfaces() {
    ip link set lo up
    local number=0 name
    for name in eth0 eth1 eth2 eth0.100 eth0.12; do
        number=$((number + 1))
        ip link add "$name" address "02:00:00:00:01:0$number" type veth peer name "far$number"
        echo 0 >"/proc/sys/net/ipv6/conf/$name/accept_dad"
        ip link set "$name" up
        ip link set "far$number" up
        ip address add "10.0.$((number - 1)).1/24" dev "$name"
        ip address add "fd00:$((number - 1))::1/64" dev "$name" nodad
    done
}

# The host that the configurations are written for; see captures/keepalived-t/README.md.
make_host() {
    hostname lb1
    mount -t tmpfs tmpfs /run
    mount -t tmpfs -o mode=755 tmpfs /etc/keepalived
    cp -r "$corpus/etc/." /etc/keepalived/
    for folder in good broken seeds; do
        cp -r "$corpus/$folder" /etc/keepalived/
    done
    chown -R 0:0 /etc/keepalived
    chmod -R u=rwX,go=rX /etc/keepalived
    find /etc/keepalived -type f -exec chmod 644 {} +
    find /etc/keepalived -name '*.sh' -exec chmod 755 {} +
    chmod 644 /etc/keepalived/scripts/not-executable.sh
    chmod 777 /etc/keepalived/scripts/world-writable.sh /etc/keepalived/loose
    chmod 755 /etc/keepalived/conf.d/executable.conf

    mkdir /run/etc
    printf '%s\n' root:x:0:0:root:/root:/bin/sh www-data:x:33:33::/:/bin/false nobody:x:65534:65534::/:/bin/false >/run/etc/passwd
    printf 'root:x:0:\nadm:x:4:\nwww-data:x:33:\nnogroup:x:65534:\n' >/run/etc/group
    printf '127.0.0.1 localhost lb1 mail.example.com\n' >/run/etc/hosts
    printf 'passwd: files\ngroup: files\nhosts: files\nservices: files\n' >/run/etc/nsswitch.conf
    for name in passwd group hosts nsswitch.conf; do
        [ ! -e "/etc/$name" ] || mount --bind "/run/etc/$name" "/etc/$name"
    done

    # A file that includes itself goes on until no more files can be opened.
    ulimit -n 256
    make_interfaces
}

if [ "${1:-}" = --with-interfaces ]; then
    shift
    make_interfaces
    exec "$@"
fi
if [ "${1:-}" = --inside ]; then
    shift
    make_host
    if [ "${1:-}" = --printed ]; then
        shift
        exec python3 "$root/ci/printed.py" "$root" "$@"
    fi
    exec python3 "$root/ci/keepalived_t.py" "$root" "$@"
fi

[ "$(id -u)" = 0 ] || give_up "only root can make a network namespace"
install_keepalived
version=$(keepalived --version 2>&1)
version=${version%%$'\n'*}
case $version in
*" $wanted "*) ;;
*) give_up "this is $version, the verdicts are those of $wanted" ;;
esac
[ -d /etc/keepalived ] || give_up "there is no folder /etc/keepalived to put something in the place of"
unshare --net --mount --uts true 2>/dev/null || give_up "this machine makes no namespaces"
exec unshare --net --mount --uts bash "$self" --inside "$@"
