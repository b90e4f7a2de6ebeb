#!/bin/sh
# Runs a test program so that it fails for what is found in it or in any process it starts, also
# in one that it kills; what was found comes last. PROGRAM was built with SANITIZE=thread for
# tsan, and without any sanitizer for valgrind.
#   watched.sh tsan|valgrind PROGRAM
set -u
found=$(mktemp -d) || exit 1
trap 'rm -rf "$found"' EXIT
case $1 in
tsan) TSAN_OPTIONS="log_path=$found/by history_size=4 second_deadlock_stack=1" "$2" ;;
valgrind)
    valgrind -q --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        --error-exitcode=99 --log-file="$found/by.%p" "$2"
    ;;
*)
    echo "usage: watched.sh tsan|valgrind PROGRAM" >&2
    exit 2
    ;;
esac
status=$?
reports=$(cat "$found"/* 2>/dev/null)
[ -z "$reports" ] && exit "$status"
printf '%s\n' "$reports" | head -n 70
[ "$status" -ne 0 ] && exit "$status"
exit 99
