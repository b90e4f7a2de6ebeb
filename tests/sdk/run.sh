#!/bin/sh
# The real Opik SDK from npm (pinned in package-lock.json) against the built program.
set -u
cd "$(dirname "$0")" || exit 1
if ! cmp -s package-lock.json node_modules/.installed 2>/dev/null; then
    npm ci --no-audit --no-fund --ignore-scripts --loglevel=error || exit 1
    cp package-lock.json node_modules/.installed
fi
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
node --test --test-reporter=tap . >"$out" 2>&1
status=$?
cat "$out"
echo "$(sed -n 's/^# pass //p' "$out") passed, $(sed -n 's/^# fail //p' "$out") failed"
exit $status
