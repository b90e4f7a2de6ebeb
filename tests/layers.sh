#!/bin/sh
# The arrows of the architecture, checked on the includes: a module includes only what it may,
# core/ knows no screen, nothing below tui/ prints or exits, and what is banned stays out.
set -u
passed=0 failed=0
check() { # NAME COMMAND...: passes when the command finds nothing
    name=$1
    shift
    found=$("$@")
    if [ -z "$found" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not ok: %s\n%s\n' "$name" "$found"
    fi
}
beyond() { # DIR ALLOWED...: includes of project headers that are not allowed in DIR
    dir=$1
    shift
    grep -rnE '^#include "' "$dir" --include='*.c' --include='*.h' |
        grep -vE "#include \"($(echo "$*" | tr ' ' '|'))/" || true
}
check 'base uses only base' beyond core/base base
check 'model uses base' beyond core/model model base
check 'rules uses model, base' beyond core/rules rules model base
check 'store uses rules, model, base' beyond core/store store rules model base
check 'send uses rules, model, base' beyond core/send send rules model base
check 'intake uses send, store, rules, model, base' beyond core/intake intake send store rules model base
check 'engine uses send, store, rules, model, base' beyond core/engine engine send store rules model base
check 'core knows no curses' sh -c "grep -rnE 'curses|cmark' core --include='*.[ch]' | grep -E '#include'"
# One place may: without the kernel's randomness uuid_v7() has no id to give (uuid.h).
check 'core does not print or exit' sh -c "grep -rnE '(^|[^_a-zA-Z>.])(v?[fd]?printf|f?puts|f?putc|putchar|perror|psignal|_?exit|_Exit|quick_exit|abort|assert|errx?|warnx?)\(|(^|[^_a-zA-Z])(std(out|err)|STD(OUT|ERR)_FILENO)' core --include='*.[ch]' | grep -vE '^core/base/uuid.c:[0-9]+: +abort\(\);$'"
check 'curses only in term and canvas' sh -c "grep -rlE '#include (<n?curses|\"term_style.h)' tui | grep -vE 'tui/(term|canvas|term_style)\.c|tui/term_style\.h'"
check 'keys only in the table of actions' sh -c "grep -rnE 'KEY_KIND_(CHAR|CTRL|NAMED)|code == ' tui/screens tui/console*.c --include='*.c' | grep -vE 'MOUSE_|ERR_'"
check 'banned calls' sh -c "grep -rnE '(^|[^_a-zA-Z])(sprintf|vsprintf|strcpy|strcat|strtok|atoi|atol|localtime|gmtime|gets|alloca|strncpy)\(' core tui --include='*.[ch]'"
check 'letters are those of ASCII, not of the locale (base/ascii.h)' sh -c "grep -rnE '(^|[^_a-zA-Z])(toupper|tolower|isalpha|isalnum|isupper|islower|strn?casecmp|strcasestr)\(' core tui --include='*.[ch]'"
check 'jansson has its memory from one place' sh -c "grep -rn 'json_set_alloc_funcs(' core tui --include='*.[ch]' | grep -v '^core/model/jsonmem.c:'"
check 'lines of at most 100 columns' sh -c "LC_ALL=C.UTF-8 grep -rnE '^.{101}' core tui tests --include='*.[ch]'"
check 'files of at most 600 lines' sh -c "find core tui tests -name '*.[ch]' -exec wc -l {} + | awk '\$2 != \"total\" && \$1 > 600'"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
