# Sourced by ci/qemu.sh: the kernel of Debian and a file system in memory for a machine with IPVS.

# fetch_kernel WORK: leaves vmlinuz and the tree of modules k/ in WORK. Nothing of the package is installed.
fetch_kernel() {
    local work=$1 package
    package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ {print $2; exit}')
    if [ -z "$package" ]; then
        apt-get update -qq >/dev/null && package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ {print $2; exit}')
    fi
    [ -n "$package" ] || return 1
    [ "$(cat "$work/package" 2>/dev/null)" = "$package" ] && return 0
    rm -rf "$work/k" "$work"/*.deb
    (cd "$work" && { apt-get download -qq "$package" || { apt-get update -qq && apt-get download -qq "$package"; }; } >&2) || return 1
    dpkg -x "$work/$package"_*.deb "$work/k" && rm -f "$work"/*.deb
    cp "$work"/k/boot/vmlinuz-* "$work/vmlinuz"
    echo "$package" >"$work/package"
}

# take PROGRAM ROOT PLACE: copies a program with the libraries that it needs.
take() {
    local from=$1 root=$2 place=$3 library
    mkdir -p "$root/$(dirname "$place")"
    cp -L "$from" "$root/$place"
    chmod 755 "$root/$place"
    { ldd "$from" 2>/dev/null || true; } | awk '{for (i = 1; i <= NF; i++) if ($i ~ /^\/.*\.so/) print $i}' | sort -u | while read -r library; do
        [ -e "$root/$library" ] && continue
        mkdir -p "$root/$(dirname "$library")"
        cp -L "$library" "$root/$library"
    done
}

# take_modules WORK ROOT: copies the kernel modules that the machine may load, with those that they need.
take_modules() {
    local work=$1 root=$2 version module file
    version=$(basename "$(echo "$work"/k/lib/modules/*)")
    mkdir -p "$root/lib/modules/$version"
    cp "$work/k/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$version/"
    depmod -b "$work/k" "$version" 2>/dev/null || true
    for module in ip_vs ip_vs_{rr,wrr,lc,wlc,fo,ovf,lblc,lblcr,dh,sh,mh,sed,nq} nf_conntrack veth bridge dummy macvlan ipip ip6_tunnel \
        fou ip_gre nf_tables crc32c_generic; do
        modprobe -d "$work/k" -S "$version" --show-depends "$module" 2>/dev/null | awk '/^insmod/ {print $2}' || true
    done | sort -u | while read -r file; do
        mkdir -p "$root/$(dirname "${file#"$work/k/"}")"
        cp "$file" "$root/${file#"$work/k/"}"
    done
    depmod -b "$root" "$version"
}

# make_machine WORK OUT VRRPLABD VRRPLAB PARTS: OUT/initrd, in which the guest plays these parts.
make_machine() {
    local work out=$2 daemon=$3 client=$4 parts=$5 root applet
    work=$(cd "$1" && pwd)
    root="$work/root"
    rm -rf "$root"
    mkdir -p "$root"/{bin,sbin,etc,dev,proc,sys,tmp,run,root,job}
    cp "$(command -v busybox)" "$root/bin/busybox"
    for applet in $("$root/bin/busybox" --list); do
        case $applet in busybox | ip) ;; *) ln -sf busybox "$root/bin/$applet" ;; esac
    done
    ln -sf ../bin/busybox "$root/sbin/modprobe"
    printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\n' >"$root/etc/group"
    for program in ipvsadm keepalived ip; do
        take "$(readlink -f "$(command -v "$program")")" "$root" "/sbin/$program"
    done
    # without what is for debuggers only, where that can be left out
    if strip -o "$out/vrrplabd" "$daemon" 2>/dev/null; then daemon="$out/vrrplabd"; fi
    if strip -o "$out/vrrplab" "$client" 2>/dev/null; then client="$out/vrrplab"; fi
    take "$daemon" "$root" /sbin/vrrplabd
    take "$client" "$root" /sbin/vrrplab
    take_modules "$work" "$root"
    cp -r ci/qemu/guest ci/qemu/tables "$root/job/"
    echo "$parts" >"$root/job/parts"
    install -m 755 ci/qemu/guest/init "$root/init"
    (cd "$root" && find . | cpio -o -H newc --quiet --owner 0:0) >"$out/initrd"
}
