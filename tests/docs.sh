#!/bin/sh
# What the help says of served paths is what the table of routes serves, the calls that it shows are
# of verbs and options that there are, the console can open and show every page and example, and the
# settings and figures of monitors that are named exist.
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0
page=$(sed 's/{[^}]*}/{}/g' assets/help/served-paths.md | tr '\n' ' ' | tr -s ' ')
routes=$(sed -n 's/^    {"\([A-Z]*\)", PRIVATE "\([^"]*\)".*/\1 v1\/private\/\2/p; s/^    {"\([A-Z]*\)", "\([^"]*\)".*/\1 \2/p' core/intake/route.c)
# Families that the page names in words, and not path by path.
in_words='spans/feedback-scores|spans/\{\}/feedback-scores|feedback-scores/delete|prompts|projects|auth|is-alive|toggles|otel'
IFS='
'
for route in $routes; do
    case $page in
    *"$route"*) passed=$((passed + 1)) ;;
    *)
        if printf '%s' "$route" | grep -Eq "$in_words" || case $page in *"${route#* }"*) true ;; *) false ;; esac; then
            passed=$((passed + 1))
        else
            echo "not in assets/help/served-paths.md: $route"
            failed=$((failed + 1))
        fi
        ;;
    esac
done
[ "$passed" -gt 40 ] || { echo "the table of routes was not read"; failed=$((failed + 1)); }

calls=$(sed -n 's/^    opik-alerts \([a-z].*\)/\1/p; s/.*`opik-alerts \([a-z][^`]*\)`.*/\1/p' README.md assets/help/*.md)
verbs=$(tr '\n' ' ' <tui/actions.c | grep -o '{ACTION_CLI_[^}]*}' | sed 's/.*"\([^"]*\)", *"[^"]*"}$/\1/')
options=$(sed -n 's/^ *{OPTION_[A-Z_]*, "\([a-z-]*\)".*/--\1/p' tui/cli/usage.c)
seen=0
for call in $calls; do
    first=${call%% *} rest=${call#"${call%% *}"}
    rest=${rest# }
    seen=$((seen + 1)) wrong=''
    printf '%s\n' "$verbs" | grep -qx -e "$first" -e "$first ${rest%% *}" || wrong="$first ${rest%% *}"
    for option in $(printf '%s' "$call" | grep -oE '(^| )--[a-z-]+' | tr -d ' '); do
        printf '%s\n' "$options" | grep -qx -e "$option" || wrong="$wrong $option"
    done
    if [ -z "$wrong" ]; then passed=$((passed + 1)); else
        echo "there is no $wrong: opik-alerts $call"
        failed=$((failed + 1))
    fi
done
[ "$seen" -gt 20 ] || { echo "the calls of the help were not read"; failed=$((failed + 1)); }

named() { # FILE WHERE: whether the text of WHERE names it
    if grep -qF "$1" "$2"; then passed=$((passed + 1)); else
        echo "$2 does not name $1"
        failed=$((failed + 1))
    fi
}
for page in assets/help/*.md; do
    if grep -Hn '^|' "$page"; then # libcmark knows none, so the console shows the bars
        echo "a table, which the console cannot show"
        failed=$((failed + 1))
    fi
    page=${page##*/}
    [ "$page" != index.md ] || continue
    named "\"help/$page\"" tui/screens/help.c
    named "($page)" assets/help/index.md
done
for example in assets/examples/*; do
    named "\"${example#assets/}\"" tui/screens/help.c
done

# Settings: `section.key`, where the section is one of the table's. Others are members of a body.
keys=$(sed -n 's/.*{"\([a-z]*\.[a-z_]*\)", SETTING_.*/\1/p' core/model/settings_keys.c)
sections=$(printf '%s\n' "$keys" | sed 's/\..*//' | sort -u | tr '\n' '|' | sed 's/|$//')
seen=0
for word in $(grep -ohE "\`($sections)\.[a-z_]+" README.md assets/help/*.md | tr -d '`' | sort -u); do
    case $word in payload.event | payload.metadata | payload.truncated | store.db) continue ;; esac
    seen=$((seen + 1))
    if printf '%s\n' "$keys" | grep -qx -e "$word"; then passed=$((passed + 1)); else
        echo "there is no setting $word"
        failed=$((failed + 1))
    fi
done
[ "$seen" -gt 20 ] || { echo "the settings of the help were not read: $seen"; failed=$((failed + 1)); }

# Figures: each of /metrics stands on the page, and the rules there ask for none that there is not.
figures=$(tr '\n' ' ' <core/intake/health.c | grep -oE '(number|seconds|describe)\(out, *"[a-z_]+"' | sed 's/.*"\(.*\)"/\1/' | sort -u)
[ "$(printf '%s\n' "$figures" | wc -l)" -gt 15 ] || { echo "the figures were not read"; failed=$((failed + 1)); }
for figure in $figures; do
    named "$figure" assets/help/monitoring.md
done
for figure in $(grep -ohE 'opik_alerts_[a-z_]+' assets/help/*.md | sed 's/opik_alerts_//' | sort -u); do
    [ -n "$figure" ] || continue
    if printf '%s\n' "$figures" | grep -qx -e "$figure"; then passed=$((passed + 1)); else
        echo "there is no figure $figure"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
