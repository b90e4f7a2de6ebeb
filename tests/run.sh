#!/bin/sh
# Runs test programs one after another and counts their tests: cmocka programs, and scripts
# whose last lines are "N passed, N failed". Prints the seeds of random ones and the output of
# those that failed, and closes with one line that counts all. Exit 1 if anything failed.
set -u
passed=0 failed=0
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
for program in "$@"; do
    started=$(date +%s)
    case $program in
    *.sh) sh "$program" >"$out" 2>&1 ;;
    *) "$program" >"$out" 2>&1 ;;
    esac
    status=$?
    p=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p; s/^\([0-9]*\) passed, [0-9]* failed$/\1/p' "$out" | tail -1)
    f=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p; s/^[0-9]* passed, \([0-9]*\) failed$/\1/p' "$out" | tail -1)
    p=${p:-0} f=${f:-0}
    [ "$status" -ne 0 ] && [ "$f" -eq 0 ] && f=1
    [ "$status" -eq 0 ] && [ "$p" -eq 0 ] && { echo "ran no test" >>"$out"; f=1; }
    name=${program##*tests/}
    printf '%-40s %4d passed %3d failed %4d s\n' "$name" "$p" "$f" "$(($(date +%s) - started))"
    sed -n 's/^\(.*SEED=.*\)$/    \1/p' "$out"
    [ "$f" -gt 0 ] && { echo "---- $program (exit $status)"; tail -n 80 "$out"; echo "----"; }
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
