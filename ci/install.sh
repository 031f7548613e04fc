# Sourced by the scripts that need Debian packages: no daemon starts by an installation, whatever its package wishes.

# install_packages PACKAGE...: fails when that cannot be done here.
install_packages() {
    local policy=/usr/sbin/policy-rc.d made=0 failed=0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "installing $*" >&2
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        made=1
    fi
    { apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null || failed=1
    [ "$made" = 0 ] || rm -f "$policy"
    return "$failed"
}

# provide PROGRAM:PACKAGE...: installs the packages of the programs that are missing; fails, and says so, where that cannot be done.
provide() {
    local pair need=()
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || need+=("${pair##*:}")
    done
    [ ${#need[@]} -eq 0 ] || install_packages "${need[@]}" || {
        echo "${need[*]} cannot be installed" >&2
        return 1
    }
}

# provide_tshark: ends the script where there is no tshark: in CI as a failure, elsewhere saying that CI checks.
provide_tshark() {
    provide tshark:tshark && return
    [ -z "${CI:-}" ] || exit 1
    echo "captures are not checked (CI does)"
    exit 0
}
