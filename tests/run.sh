#!/bin/sh
# Runs test programs, as many at once as there are processors (JOBS), and counts their tests: cmocka
# programs, and scripts whose last lines are "N passed, N failed". Prints the seeds of random ones
# and the output of those that failed, and closes with one line that counts all. Exit 1 if anything
# failed.
# RUNNER is a command to run the programs with (not the scripts): "sh tests/watched.sh valgrind".
#   run.sh PROGRAM...
#   run.sh --one FOLDER PROGRAM    its own: one of them, its numbers left in FOLDER
set -u

run_one() { # FOLDER PROGRAM
    program=$2
    out=$(mktemp "$1/XXXXXX") || exit 1
    started=$(date +%s)
    case $program in
    *.sh) sh "$program" >"$out" 2>&1 </dev/null ;;
    *) ${RUNNER:-} "$program" >"$out" 2>&1 </dev/null ;;
    esac
    status=$?
    p=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p; s/^\([0-9]*\) passed, [0-9]* failed$/\1/p' "$out" | tail -1)
    f=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p; s/^[0-9]* passed, \([0-9]*\) failed$/\1/p' "$out" | tail -1)
    p=${p:-0} f=${f:-0}
    [ "$status" -ne 0 ] && [ "$f" -eq 0 ] && f=1
    [ "$status" -eq 0 ] && [ "$p" -eq 0 ] && { echo "ran no test" >>"$out"; f=1; }
    { # in one piece, so that those of two programs do not mix
        printf '%-40s %4d passed %3d failed %4d s\n' "${program##*tests/}" "$p" "$f" \
            "$(($(date +%s) - started))"
        sed -n 's/^\(.*SEED=.*\)$/    \1/p' "$out"
        [ "$f" -gt 0 ] && { echo "---- $program (exit $status)"; tail -n 80 "$out"; echo "----"; }
    } >"$out.told"
    cat "$out.told"
    echo "$p $f" >"$out.count"
}

if [ "${1:-}" = --one ]; then
    run_one "$2" "$3"
    exit 0
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
printf '%s\n' "$@" | xargs -P "${JOBS:-$(nproc)}" -I '{}' sh "$0" --one "$folder" '{}'
count=$(cat "$folder"/*.count 2>/dev/null | awk '{ p += $1; f += $2; n++ } END { print p + 0, f + 0, n + 0 }')
set -- $# $count
[ "$1" -eq "$4" ] || { echo "$(($1 - $4)) of $1 programs did not end" && set -- "$1" "$2" $(($3 + 1)) "$4"; }
echo "$2 passed, $3 failed"
[ "$3" -eq 0 ]
