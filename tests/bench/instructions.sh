#!/bin/sh
# Instructions for each event and delivery, as callgrind counts them: the same on any machine, as
# loaded as it may be. What starting and ending take is taken off.
#   instructions.sh PROGRAM
set -u
program=$1
command -v valgrind >/dev/null || { echo "valgrind is missing: apt install valgrind" >&2; exit 1; }
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

count() { # MODE COUNT: instructions of the whole run
    valgrind --tool=callgrind --callgrind-out-file="$out/$1.$2" "$program" "$1" "$2" \
        >"$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
    sed -n 's/^summary: *\([0-9]*\).*/\1/p; s/^totals: *\([0-9]*\).*/\1/p' "$out/$1.$2" | head -1
}

row() { # MODE COUNT WHAT
    few=$(count "$1" "$(($2 / 10))") all=$(count "$1" "$2")
    printf '%-44s %8d instructions\n' "$3" "$(((all - few) / ($2 - $2 / 10)))"
}

row accept 10000 "an event accepted, batches of 100"
row pass 10000 "a trace that no alert wants"
row deliver 1000 "a delivery: closed, claimed, recorded"
row backlog 1000 "a delivery that waited: claimed, recorded"
