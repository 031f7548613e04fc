#!/usr/bin/env bash
# vrrplabd and the IPVS of a real kernel: Debian's kernel is booted in an emulator, with vrrplabd, keepalived 2.2.7 and ipvsadm
# in its file system. What vrrplabd programs is compared with what keepalived programs of the same file, connections are
# counted at the servers, servers die and come back, configurations are read again, directors tell each other of connections, the time of day jumps.
# Ends with 'N passed, N failed'; exits 1 when anything failed or nothing was run, 2 when it cannot run.
# Needs x86-64 and, on Debian, root to install what is missing; the kernel's package is only unpacked. The processor is emulated:
# there may be a /dev/kvm that does not work, and two minutes are enough. QEMU_ACCEL=kvm for those who know theirs.
# Usage: bash ci/qemu.sh [PART ...]     (default: all; PART is tables, reload, stop, traffic, health, refused, checks, flight, sync or clock)
#        VRRPLABD=path/of/vrrplabd VRRPLAB=path/of/vrrplab to use binaries that are built already, KEEP=1 to keep what the machine has said
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh
started=$SECONDS
limit=${QEMU_LIMIT:-600}

cannot() {
    echo "$1: nothing was run" >&2
    exit 2
}
[ "$(uname -sm)" = "Linux x86_64" ] || cannot "the machine is emulated for Linux on x86-64 only"
command -v apt-get >/dev/null || cannot "the kernel comes from Debian's packages, and there is no apt-get"
provide qemu-system-x86_64:qemu-system-x86 busybox:busybox-static ipvsadm:ipvsadm ip:iproute2 depmod:kmod cpio:cpio \
    keepalived:keepalived || cannot "not everything is here"
# a dynamic busybox would not start as the first process
if ldd "$(command -v busybox)" >/dev/null 2>&1; then install_packages busybox-static || cannot "busybox is dynamic"; fi
if [ -z "${VRRPLABD:-}" ]; then
    cargo build --locked --quiet --bin vrrplabd
    VRRPLABD="${CARGO_TARGET_DIR:-target}/debug/vrrplabd"
fi
if [ -z "${VRRPLAB:-}" ]; then
    cargo build --locked --quiet --bin vrrplab
    VRRPLAB="${CARGO_TARGET_DIR:-target}/debug/vrrplab"
fi
work="${CARGO_TARGET_DIR:-target}/qemu"
mkdir -p "$work"
out=$(mktemp -d)
emulator=""
clean() {
    [ -z "$emulator" ] || kill "$emulator" 2>/dev/null || true
    [ "${KEEP:-}" = 1 ] || rm -rf "$out"
}
trap clean EXIT
trap 'exit 130' INT TERM

. ci/qemu/machine.sh
fetch_kernel "$work" || cannot "Debian's kernel cannot be fetched"
make_machine "$work" "$out" "$VRRPLABD" "$VRRPLAB" "$*"

: >"$out/console"
qemu-system-x86_64 -M q35 -accel "${QEMU_ACCEL:-tcg,thread=multi}" -cpu max -smp 2 -m 768 -nodefaults -no-user-config \
    -display none -no-reboot -kernel "$work/vmlinuz" -initrd "$out/initrd" \
    -append "console=ttyS0 quiet loglevel=4 panic=-1 rdinit=/init random.trust_cpu=on mitigations=off rcupdate.rcu_expedited=1" \
    -chardev "file,id=console,path=$out/console" -device isa-serial,chardev=console </dev/null 2>"$out/emulator" &
emulator=$!
# what the machine says is shown as it is said
tail -n +1 -f --pid="$emulator" "$out/console" 2>/dev/null | tr -d '\r' | grep --line-buffered -E '^(ok|FAILED|--|   )' &
for ((i = 0; i < limit * 2; i++)); do
    kill -0 "$emulator" 2>/dev/null || break
    sleep 0.5
done
if kill -0 "$emulator" 2>/dev/null; then
    echo "FAILED the machine still runs after $limit s" | tee -a "$out/console"
fi
kill "$emulator" 2>/dev/null || true
wait 2>/dev/null || true
emulator=""
[ "${KEEP:-}" = 1 ] && echo "kept in $out"

passed=$(tr -d '\r' <"$out/console" | grep -c '^ok ' || true)
failed=$(tr -d '\r' <"$out/console" | grep -c '^FAILED ' || true)
if ! grep -q '^MACHINE: done' "$out/console"; then
    echo "FAILED the machine did not come to its end; its last words:"
    tail -n 20 "$out/console" "$out/emulator"
    failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, in $((SECONDS - started)) s"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
