# Part of ci/interop.sh, which sources it: exit statuses beside keepalived's.

# verdicts LAB: exit statuses beside keepalived's
verdicts() {
    local lab=$1 ours theirs file
    lab_up "$lab"
    configure "$lab" pass
    cp "$out/$lab-a.conf" "$out/$lab-good.conf"
    sed 's/interface eth0/interface nosuch0/' "$out/$lab-good.conf" >"$out/$lab-missing-interface.conf"
    sed 's/auth_pass .*/auth_pass much-too-long/' "$out/$lab-good.conf" >"$out/$lab-long-password.conf"
    sed 's/virtual_router_id 51/virtual_router_id/' "$out/$lab-good.conf" >"$out/$lab-no-vrid.conf"
    sed 's/interface eth0/interface lo/' "$out/$lab-good.conf" >"$out/$lab-loopback.conf"
    for file in good missing-interface loopback long-password no-vrid; do
        ours=0 theirs=0
        in_lab "$lab" a "$VRRPLABD" --check --config "$out/$lab-$file.conf" >/dev/null 2>&1 || ours=$?
        in_lab "$lab" a keepalived -t -f "$out/$lab-$file.conf" >/dev/null 2>&1 || theirs=$?
        note "$lab" "--check of $file: $ours, keepalived -t: $theirs" test "$ours" = "$theirs"
    done
    for file in missing-interface loopback no-vrid absent; do
        ours=0 theirs=0
        in_lab "$lab" a timeout 5 "$VRRPLABD" --config "$out/$lab-$file.conf" >/dev/null 2>&1 || ours=$?
        in_lab "$lab" b timeout 5 keepalived -n -l -P -f "$out/$lab-$file.conf" -p "$out/$lab.pid" \
            -r "$out/$lab-vrrp.pid" >/dev/null 2>&1 || theirs=$?
        note "$lab" "the daemon with $file: $ours, keepalived: $theirs" test "$ours" = "$theirs"
    done
}
