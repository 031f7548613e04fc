# Sourced by ci/playground.sh: a Rust compiler for WebAssembly out of Debian's packages, unpacked, not installed.
#
# The toolchain of this project need not have the target wasm32-unknown-unknown. Debian's rustc-web with rust-web-src can build
# its standard library, and lld-22 links, but as packages they displace other Rust compilers: so they are only unpacked into a
# folder, and the project's own cargo is told to use that compiler for this one build.

# wasm_tools FOLDER: makes FOLDER/rustc and FOLDER/lld, unless they are there; fails when that cannot be done here.
wasm_tools() {
    local folder=$1 name
    if "$folder/rustc" -vV >/dev/null 2>&1 && "$folder/lld" -flavor wasm --version >/dev/null 2>&1; then
        return
    fi
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    # what the compiler's libraries need, if it is not there already: nothing that displaces anything
    ldconfig -p | grep -q libedit.so.2 && ldconfig -p | grep -q libz3.so.4 && ldconfig -p | grep -q libxml2.so.2 ||
        install_packages libedit2 libz3-4 libxml2 || return 1
    rm -rf "$folder"
    mkdir -p "$folder/debian" "$folder/packages"
    echo "unpacking Debian's rustc-web, rust-web-src and lld-22" >&2
    [ "$(id -u)" != 0 ] || apt-get update -qq || return 1
    # the standard library of the same version, whatever its package is called
    local std
    std=$(apt-cache depends libstd-rust-web-dev | sed -n 's/^ *Depends: \(libstd-rust-web-[0-9.]*\)$/\1/p' | head -n 1)
    (cd "$folder/packages" && apt-get download -qq rustc-web rust-web-src libstd-rust-web-dev "$std" lld-22 libllvm22) 2>/dev/null || return 1
    for name in "$folder"/packages/*.deb; do
        dpkg-deb -x "$name" "$folder/debian" || return 1
    done
    rm -rf "$folder/packages"
    wrap "$folder" rustc usr/bin/rustc
    wrap "$folder" lld usr/lib/llvm-22/bin/lld
    "$folder/rustc" -vV >/dev/null
}

# wrap FOLDER NAME PROGRAM: only this program sees the unpacked libraries.
wrap() {
    local libraries=$1/debian/usr/lib/x86_64-linux-gnu
    [ -d "$libraries" ] || libraries=$(dirname "$(find "$1/debian/usr/lib" -name 'libLLVM*' | head -n 1)")
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$libraries" "$1/debian/$3" >"$1/$2"
    chmod +x "$1/$2"
}

# wasm_build FOLDER TARGET_DIR CARGO_ARGUMENTS...: builds for wasm32-unknown-unknown with the standard library from its sources.
wasm_build() {
    local tools=$1 out=$2
    shift 2
    env RUSTC="$tools/rustc" RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$out" CARGO_INCREMENTAL=0 \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$tools/lld" \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C link-arg=-zstack-size=4194304 --remap-path-prefix=$PWD=. --remap-path-prefix=$tools=rust" \
        CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=true CARGO_PROFILE_RELEASE_OPT_LEVEL=s \
        cargo build --locked --release --target wasm32-unknown-unknown -Zbuild-std=std,panic_abort "$@"
}
