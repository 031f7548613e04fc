# Part of ci/interop.sh, which sources it: stories are told at once, and what failed among the others is told again, alone.
# Files of a lab are LAB.x or LAB-x; no lab has a name that begins with another one's and a dash.

declare -A telling=() words_of=() # by lab: the process that tells its story, and the words that began it
# tell FUNCTION LAB [ARGUMENT ..]: begins the story of this lab
tell() {
    "$@" &
    telling[$2]=$!
    words_of[$2]=$*
}
# all_end: until every story has; one that broke off has failed
all_end() {
    local lab
    for lab in "${!telling[@]}"; do
        wait "${telling[$lab]}" || echo "FAIL $lab: it broke off" >>"$out/$lab.results"
    done
    telling=()
}
# failures LAB: what failed in it
failures() { { cat "$out/$1".results "$out/$1"-*.results 2>/dev/null || true; } | sed -n 's/^FAIL //p'; }
# again_alone: failed stories once more, one after the other; what was seen the first time is kept in first/ as long as
# the rest is
again_alone() {
    local lab labs
    mkdir -p "$out/first"
    mapfile -t labs < <(for lab in "${!words_of[@]}"; do [ -z "$(failures "$lab")" ] || echo "$lab"; done | sort)
    for lab in "${labs[@]}"; do
        echo "$lab: told again, alone; among the others this did not hold:"
        failures "$lab" | sed 's/^/    /'
        find "$out" -mindepth 1 -maxdepth 1 \( -name "$lab.*" -o -name "$lab-*" \) -exec mv -t "$out/first" {} +
        # shellcheck disable=SC2086
        tell ${words_of[$lab]}
        all_end
    done
}
