#!/bin/sh
# Runs each fuzz target for so many seconds, from the corpus that is kept here (which stays as it
# is), and counts them. A fault leaves the input that made it in the folder of the build.
#   run.sh FOLDER SECONDS [TARGET...]
set -u
build=$1 seconds=$2
shift 2
passed=0 failed=0
[ $# -gt 0 ] || set -- "$build"/tests/fuzz/fuzz_*
for program in "$@"; do
    case $program in *.o | *.d) continue ;; esac
    name=${program##*/fuzz_}
    grown="$build/fuzz-corpus/$name" out="$build/fuzz-$name.log"
    mkdir -p "$grown"
    "$program" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$build/fault-$name-" \
        "$grown" "tests/fuzz/corpus/$name" >"$out" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$out" | tail -1)
    if [ "$status" -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
        passed=$((passed + 1))
        printf 'fuzz %-14s %9s inputs, %5s edges\n' "$name" "$runs" "$edges"
    else
        failed=$((failed + 1))
        printf 'fuzz %-14s exit %s\n' "$name" "$status"
        tail -40 "$out"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
