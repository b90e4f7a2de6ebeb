#!/bin/sh
# The example receivers of assets/examples, each run as a reader would run it.
set -u
cd "$(dirname "$0")" || exit 1
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
node --test --test-reporter=tap . >"$out" 2>&1
status=$?
cat "$out"
echo "$(sed -n 's/^# pass //p' "$out") passed, $(sed -n 's/^# fail //p' "$out") failed"
exit $status
