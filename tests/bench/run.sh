#!/bin/sh
# Runs the benchmarks one after the other and ends with each goal on a line.
#   run.sh PROGRAM...
# What they write goes under TMPDIR (on a real disk: accepting waits for it), and goes away again.
set -u
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/opik-alerts-bench-XXXXXX") || exit 1
BENCH_SUMMARY=$TMPDIR/goals
export TMPDIR BENCH_SUMMARY
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM HUP

begun=$(date +%s)
echo "$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -1), $(nproc) processors," \
    "Linux $(uname -r), $(df --output=source,fstype "$TMPDIR" | tail -1 | tr -s ' ')," \
    "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
echo
failed=0
for program in "$@"; do
    case " ${BENCH_ONLY:-$(basename "$program")} " in
    *" $(basename "$program") "* | *" $(basename "$program" | sed 's/^bench_//') "*) ;;
    *) continue ;;
    esac
    "$program" || { echo "$(basename "$program") failed"; failed=1; }
done
echo "The goals"
[ -f "$BENCH_SUMMARY" ] && cat "$BENCH_SUMMARY"
[ -f "$BENCH_SUMMARY" ] && echo "$(grep -c '^ok' "$BENCH_SUMMARY") ok," \
    "$(grep -c '^short' "$BENCH_SUMMARY") short, $(grep -c '^-' "$BENCH_SUMMARY") not measured," \
    "in $((($(date +%s) - begun) / 60)) minutes"
exit $failed
