#!/usr/bin/env bash
# Makes the Debian package and looks into it: programs, unit, manual pages, completions and examples are there, nothing is
# started or configured by it, and what is in it works in a root of its own. The unit is judged by systemd-analyze.
# Ends with 'N passed, N failed'; exits 1 when anything failed, 2 when it cannot run.
# Needs Linux, dpkg-dev and cargo-deb, which is built (some minutes, once, below the target folder) where it is missing.
# Usage: bash ci/package.sh             the package is left in target/debian
#        VRRPLAB_PROFILE=dev bash ci/package.sh   of the programs of the development profile, to look into only
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh
started=$SECONDS
profile=${VRRPLAB_PROFILE:-release}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")

cannot() {
    echo "$1: nothing was packaged" >&2
    exit 2
}
provide dpkg-deb:dpkg dpkg-shlibdeps:dpkg-dev systemd-analyze:systemd || cannot "not everything is here"
PATH="$PATH:$target/tools/bin"
if ! command -v cargo-deb >/dev/null; then
    cargo install cargo-deb --locked --quiet --version '^3.8' --root "$target/tools" --target-dir "$target/tools/build" ||
        cannot "cargo-deb cannot be built"
    rm -rf "$target/tools/build"
fi

# --- made -------------------------------------------------------------------------------------------------------------

cargo build --locked --quiet --profile "$profile" --bin vrrplab --bin vrrplabd
made="$target/$([ "$profile" = dev ] && echo debug || echo "$profile")"
papers="$made/papers"
rm -rf "$papers"
mkdir -p "$papers"/{bash,zsh,fish}
"$made/vrrplab" man "$papers"
"$made/vrrplabd" --man "$papers"
for shell in bash zsh fish; do
    for program in vrrplab vrrplabd; do
        case $shell in
        bash) file=$program ;;
        zsh) file=_$program ;;
        fish) file=$program.fish ;;
        esac
        words=(completions)
        [ "$program" = vrrplab ] || words=(--completions)
        "$made/$program" "${words[@]}" "$shell" >"$papers/$shell/$file"
    done
done
gzip -9n "$papers"/*.[18]
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
options=(--strip)
[ "$profile" = release ] || options+=(--profile "$profile")
cargo deb --quiet --no-build -p vrrplab-real "${options[@]}" --output "$out/vrrplab.deb" -- --locked >/dev/null

# --- looked at --------------------------------------------------------------------------------------------------------

passed=0 failed=0
note() {
    local what=$1
    shift
    if "$@"; then
        echo "ok   $what"
        passed=$((passed + 1))
    else
        echo "FAIL $what"
        failed=$((failed + 1))
    fi
}
quietly() { "$@" >"$out/said" 2>&1 || { cat "$out/said" && false; }; }
dpkg-deb --contents "$out/vrrplab.deb" | awk '{ print $1, $2, $6 }' >"$out/list" # owner and group are numbers
field() { dpkg-deb --field "$out/vrrplab.deb" "$1"; }
lists() { grep -Fx -- "$1" "$out/list" >/dev/null; }
root="$out/root"

note "it is called vrrplab" test "$(field Package)" = vrrplab
note "in the version of the tree" test "$(field Version)" = "$("$made/vrrplab" --version | awk '{ print $2 }')-1"
note "it depends on the C library: $(field Depends)" grep -q 'libc6 (>= ' <<<"$(field Depends)"
for line in "-rwxr-xr-x 0/0 ./usr/bin/vrrplab" "-rwxr-xr-x 0/0 ./usr/sbin/vrrplabd" \
    "-rw-r--r-- 0/0 ./usr/lib/systemd/system/vrrplabd.service" \
    "-rw-r--r-- 0/0 ./usr/share/man/man8/vrrplabd.8.gz" "-rw-r--r-- 0/0 ./usr/share/man/man1/vrrplab-ctl.1.gz" \
    "-rw-r--r-- 0/0 ./usr/share/bash-completion/completions/vrrplabd" \
    "-rw-r--r-- 0/0 ./usr/share/zsh/vendor-completions/_vrrplab" \
    "-rw-r--r-- 0/0 ./usr/share/fish/vendor_completions.d/vrrplab.fish" \
    "-rw-r--r-- 0/0 ./usr/share/doc/vrrplab/examples/scenarios/conf/split-brain/r1.conf" \
    "-rw-r--r-- 0/0 ./usr/share/doc/vrrplab/copyright"; do
    note "$line" lists "$line"
done
note "nothing belongs to anybody else" test "$(awk '{ print $2 }' "$out/list" | sort -u)" = 0/0
dpkg-deb --control "$out/vrrplab.deb" "$out/control"
note "it has no configuration, and no script that starts anything" test "$(ls "$out/control")" = control
note "every command has its page" test "$(grep -c 'man1/vrrplab' "$out/list")" = "$(ls "$papers"/*.1.gz | wc -l)"

# --- installed in a root of its own ----------------------------------------------------------------------------------

mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers}
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
if [ "$(id -u)" = 0 ]; then
    note "dpkg installs it" quietly dpkg --root="$root" --force-depends --log="$out/dpkg.log" -i "$out/vrrplab.deb"
    note "and knows it as installed" grep -q '^Status: install ok installed' "$root/var/lib/dpkg/status"
else
    note "it is unpacked" dpkg-deb --extract "$out/vrrplab.deb" "$root"
fi
for program in usr/bin/vrrplab usr/sbin/vrrplabd; do
    note "$program is of $("$root/$program" --version)" quietly "$root/$program" --version
done
examples="$root/usr/share/doc/vrrplab/examples/scenarios"
note "an example is played" quietly "$root/usr/bin/vrrplab" run --quiet "$examples/split-brain.yaml"
note "all examples are there" diff -rq scenarios "$examples"
for page in "$root"/usr/share/man/man*/*.gz; do gzip -t "$page" || echo "$page" >>"$out/torn"; done
note "no page is torn" test ! -e "$out/torn"
for shell in bash zsh fish; do
    command -v "$shell" >/dev/null || continue
    note "$shell reads its completions" bash -c 'for file in "$2"/*; do "$1" -n "$file" || exit 1; done' _ "$shell" "$papers/$shell"
done
note "bash completes a command" test "$(bash -c '. "$0"; COMP_WORDS=(vrrplab expl); COMP_CWORD=1
    _vrrplab vrrplab expl vrrplab; echo "${COMPREPLY[*]}"' "$papers/bash/vrrplab" | xargs)" = "explore explain"

# the unit, with the programs that it names beside it
mkdir -p "$root/bin" "$root/etc"
printf '#!/bin/sh\n' >"$root/bin/kill"
chmod +x "$root/bin/kill"
unit=usr/lib/systemd/system/vrrplabd.service
systemd-analyze verify --man=no --recursive-errors=no --root="$root" "$root/$unit" >"$out/verify" 2>&1 || cat "$out/verify"
note "systemd-analyze has nothing to say about the unit" test ! -s "$out/verify"
exposure=$(systemd-analyze security --offline=true --root="$root" "$root/$unit" 2>/dev/null |
    sed -nE 's/.*exposure level.*: ([0-9]+)\.([0-9]+).*/\1\2/p')
note "its exposure, of 100 at most: ${exposure:-unknown}" test "${exposure:-100}" -le 45

if [ "$profile" = release ]; then
    mkdir -p "$target/debian"
    cp "$out/vrrplab.deb" "$target/debian/vrrplab_$(field Version)_$(field Architecture).deb"
    echo "target/debian/vrrplab_$(field Version)_$(field Architecture).deb"
fi
echo "$passed passed, $failed failed ($((SECONDS - started)) s)"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
