#!/bin/sh
# The console in a real tmux, by real keys: every screen, resize, mouse, paste, copy, ^Z and fg,
# and that the shell gets its terminal back after quit, SIGTERM, SIGHUP and a crash.
# Closes with "N passed, N failed".
set -u
program=${OPIK_ALERTS:-build/opik-alerts}
dir=$(mktemp -d) || exit 1
server=opik-test-$$
passed=0 failed=0
t() { tmux -L "$server" "$@"; }
trap 't kill-server 2>/dev/null; rm -rf "$dir"' EXIT

screen() { t capture-pane -p -t x; }
shows() { # TEXT: until it is shown, at most 20 s
    n=0
    until screen | grep -qF -- "$1"; do
        n=$((n + 1))
        [ $n -gt 400 ] && return 1
        sleep 0.05
    done
}
check() { # NAME COMMAND...
    name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not ok: %s\n' "$name"
        screen
    fi
}
keys() { t send-keys -t x "$@"; }
then_shows() { # KEY... TEXT
    last=
    for word in "$@"; do last=$word; done
    while [ $# -gt 1 ]; do
        keys "$1"
        shift
    done
    shows "$last"
}
open_console() {
    keys "clear; $program --data-dir=$dir/data --set=intake.listen=127.0.0.1:0" Enter
    shows "running on"
}
# The console may still be stopping its engine; what is typed then is not for the shell.
left_the_terminal() { # at most 20 s
    tty=$(t display-message -p -t x '#{pane_tty}')
    n=0
    until stty -F "$tty" -a | grep -q ' icanon' &&
        [ "$(t display-message -p -t x '#{alternate_on}')" = 0 ]; do
        n=$((n + 1))
        [ $n -gt 400 ] && return 1
        sleep 0.05
    done
}
# A sane terminal echoes what is typed, and takes a line.
has_terminal_back() {
    left_the_terminal || return 1
    keys "" Enter "echo sa''ne; stty -a | grep -c ' echo '" Enter
    shows "sane"
}
no_escapes_left() { # mouse and paste reports are off: tmux knows
    [ "$(t display-message -p -t x '#{mouse_any_flag}#{alternate_on}')" = 00 ]
}
the_process() { pgrep -f -- "--data-dir=$dir/data" | head -1; }
end_with() { # SIGNAL
    open_console || return 1
    kill "-$1" "$(the_process)"
    has_terminal_back && no_escapes_left
}

XDG_CONFIG_HOME=$dir HOME=$dir SHELL=/bin/sh ENV= tmux -L "$server" -f /dev/null \
    new-session -d -s x -x 80 -y 24 sh || { echo "0 passed, 1 failed"; exit 1; }
t set-option -g mouse on >/dev/null

check "opens" open_console
check "creates an alert" then_shows n "Tmux" Tab Tab Tab "http://127.0.0.1:1/x" C-g "Add trigger"
check "adds a trigger" then_shows Enter "all projects"
check "saves" then_shows C-s "saved Tmux"
check "shows deliveries" then_shows 2 "Nothing was sent yet"
check "shows buckets" then_shows 3 "Nothing waits"
check "shows the activity" then_shows 4 "No event has come"
check "shows the overview" then_shows 5 "30 MINUTES"
check "shows projects" then_shows 6 "A project is made"
check "shows settings" then_shows 7 "intake.api_key"
check "finds actions" then_shows '?' "What can be done here"
check "runs what it found" then_shows "alerts" Enter "http://127.0.0.1:1"
t resize-window -t x -x 120 -y 40
check "follows a larger window" then_shows 7 "how long finished deliveries"
t resize-window -t x -x 40 -y 10
check "follows a smaller window" then_shows 1 "Tmux"
t resize-window -t x -x 80 -y 24
check "comes back" shows "http://127.0.0.1:1"
t set-buffer "D
y"
t paste-buffer -p -t x
check "ignores a paste in a list" shows "pasted text is ignored here"
check "opens the filter" then_shows / "Filter:"
t set-buffer "tm
ux"
t paste-buffer -p -t x
check "takes a paste in a field" shows "tm ux"
check "leaves the filter" then_shows Escape "http://127.0.0.1:1"
check "copies through tmux" then_shows y "tmux's buffer"
id=$("$program" --data-dir="$dir/data" alert list --json |
    grep -o '"id": *"[0-9a-f-]*"' | head -1 | grep -o '[0-9a-f-]\{36\}')
check "and it is the id" test "$(t show-buffer)" = "$id"
check "has the mouse" test "$(t display-message -p -t x '#{mouse_any_flag}')" = 1
check "gives the mouse up" then_shows m "mouse off"
check "and it is off" test "$(t display-message -p -t x '#{mouse_any_flag}')" = 0
check "asks before it is suspended" then_shows C-z "Suspend?"
keys y
check "is suspended" has_terminal_back
check "comes back with fg" then_shows "fg" Enter "running on"
check "asks before it quits" then_shows q "Quit?"
keys y
check "quits" has_terminal_back
check "with the terminal as it was" no_escapes_left
check "gives the terminal back after SIGTERM" end_with TERM
check "gives the terminal back after SIGHUP" end_with HUP
check "gives the terminal back after SIGSEGV" end_with SEGV
check "gives the terminal back after SIGABRT" end_with ABRT
check "starts again after a crash" open_console
check "has all that was there" shows "Tmux"
kill -KILL "$(the_process)"
keys "" Enter "stty sane; clear; echo re''ady" Enter
shows "ready"
check "and after kill -9" open_console

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
