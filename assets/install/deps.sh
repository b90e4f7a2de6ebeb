#!/bin/sh
# What building (run), testing (test), measuring lines (coverage), looking for races and memory
# faults (sanitize), reading the source for faults (lint) and comparing (bench) need, and how to
# get it. All but run include test.
#
#   deps.sh check [run|test|...]    says what is missing, by package name; exit 1 if anything is
#   deps.sh install [run|test|...]  installs it through apt (Debian and its kin), after saying what
#                                   and why; asks first on a terminal. bench: one peer through npm
#
# CC names the compiler that will be used.
set -u
CC=${CC:-cc}

# name of the need | how to see it | Debian | Fedora | Arch | Alpine | why
needs_run='
compiler|tool $CC|gcc libc6-dev|gcc glibc-devel|gcc|gcc musl-dev|to compile
make|tool make|make|make|make|make|to build
pkg-config|tool pkg-config|pkg-config|pkgconf-pkg-config|pkgconf|pkgconf|to find the libraries
ncurses|lib ncursesw|libncurses-dev|ncurses-devel|ncurses|ncurses-dev|the console
libcurl|lib libcurl|libcurl4-openssl-dev|libcurl-devel|curl|curl-dev|to send webhooks
jansson|lib jansson|libjansson-dev|jansson-devel|jansson|jansson-dev|JSON of alerts
SQLite|lib sqlite3|libsqlite3-dev|sqlite-devel|sqlite|sqlite-dev|the store
cmark|lib libcmark|libcmark-dev|cmark-devel|cmark|cmark-dev|the help pages
libmicrohttpd|lib libmicrohttpd|libmicrohttpd-dev|libmicrohttpd-devel|libmicrohttpd|libmicrohttpd-dev|to receive events
libsodium|lib libsodium|libsodium-dev|libsodium-devel|libsodium|libsodium-dev|to seal secrets
inih|lib inih|libinih-dev|inih-devel|libinih|inih-dev|the config file
zlib|lib zlib|zlib1g-dev|zlib-devel|zlib|zlib-dev|gzip bodies
LZ4|lib liblz4|liblz4-dev|lz4-devel|lz4|lz4-dev|to keep waiting events small
uthash|header uthash.h|uthash-dev|uthash-devel|uthash|uthash-dev|hash tables
CA certificates|file /etc/ssl/certs/ca-certificates.crt|ca-certificates|ca-certificates|ca-certificates|ca-certificates|to verify endpoints
'
needs_test='
clang|tool clang|clang|clang|clang|clang|to compile with a second compiler
sanitizers|header sanitizer/asan_interface.h|libgcc-12-dev|libasan libubsan|gcc|gcc|to find memory faults
libFuzzer|fuzzer clang|libclang-rt-14-dev|compiler-rt|compiler-rt|compiler-rt|to fuzz
cmocka|lib cmocka|libcmocka-dev|libcmocka-devel|cmocka|cmocka-dev|unit tests
libvterm|lib vterm|libvterm-dev|libvterm-devel|libvterm|libvterm-dev|console tests in a real terminal
OpenSSL|lib openssl|libssl-dev|openssl-devel|openssl|openssl-dev|TLS receivers in tests
tmux|tool tmux|tmux|tmux|tmux|tmux|console tests in tmux
charmaps|path /usr/share/i18n/charmaps|locales|glibc-locale-source|glibc||numbers with a decimal comma in tests
time zones|path /usr/share/zoneinfo/Europe/Berlin|tzdata|tzdata|tzdata|tzdata|schedules in named time zones
systemd-analyze|tool systemd-analyze|systemd|systemd|systemd||to check the systemd unit
pgrep|tool pgrep|procps|procps-ng|procps-ng|procps|console tests that end the program
node|tool node|nodejs|nodejs|nodejs|nodejs|the Opik SDK in tests
npm|tool npm|npm|npm|npm|npm|to fetch the Opik SDK
'

needs_coverage='
gcovr|tool gcovr|gcovr|gcovr|gcovr|gcovr|to sum up the lines that ran
'
needs_sanitize='
ThreadSanitizer|flag -fsanitize=thread|libtsan2|libtsan|gcc|compiler-rt|to find data races
valgrind|tool valgrind|valgrind|valgrind|valgrind|valgrind|to find memory faults and leaks
'
needs_lint='
cppcheck|tool cppcheck|cppcheck|cppcheck|cppcheck|cppcheck|to read the source for faults
clang-tidy|tool clang-tidy|clang-tidy|clang-tools-extra|clang|clang-extra-tools|to read the source for faults
'
needs_bench='
Alertmanager|tool prometheus-alertmanager|prometheus-alertmanager|golang-github-prometheus-alertmanager|alertmanager|alertmanager|to compare the engine with
Redis|tool redis-server|redis-server|redis|redis|redis|to compare the engine with BullMQ
valgrind|tool valgrind|valgrind|valgrind|valgrind|valgrind|to count instructions
htop|tool htop|htop|htop|htop|htop|to compare the console with
tig|tool tig|tig|tig|tig|tig|to compare the console with
ncdu|tool ncdu|ncdu|ncdu|ncdu|ncdu|to compare the console with
'

present() { # KIND NAME
    case $1 in
    tool) command -v "$2" >/dev/null 2>&1 ;;
    lib) command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$2" ;;
    fuzzer) echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
        "$2" -x c -fsanitize=fuzzer -o /dev/null - >/dev/null 2>&1 ;;
    flag) echo 'int main(void) { return 0; }' |
        $CC -x c "$2" -o /dev/null - >/dev/null 2>&1 ;;
    header) echo "#include <$2>" | $CC -E - >/dev/null 2>&1 ;;
    path) [ -e "$2" ] ;;
    file) [ -e "$2" ] || [ -e /etc/pki/tls/certs/ca-bundle.crt ] || [ -e /etc/ssl/cert.pem ] ;;
    esac
}

# Lines "need|debian|fedora|arch|alpine|why" of what is not there.
missing() {
    printf '%s' "$1" | while IFS='|' read -r need how debian fedora arch alpine why; do
        [ -n "$need" ] || continue
        kind=${how%% *} name=${how#* }
        [ "$name" = '$CC' ] && name=${CC%% *} # CC may be "ccache gcc"
        present "$kind" "$name" || echo "$need|$debian|$fedora|$arch|$alpine|$why"
    done
}

column() { printf '%s\n' "$1" | cut -d'|' -f"$2" | tr '\n' ' ' | sed 's/ *$//'; }

explain() { # rows
    printf '%s\n' "$1" | while IFS='|' read -r need debian fedora arch alpine why; do
        printf '  %-16s %s (%s)\n' "$need" "$why" "$debian"
    done
}

check() {
    echo "opik-alerts: these are missing on this machine:"
    explain "$1"
    echo "Install them with the one that fits, or let 'make deps' do it on Debian:"
    echo "  Debian, Ubuntu  apt install $(column "$1" 2)"
    echo "  Fedora          dnf install $(column "$1" 3)"
    echo "  Arch            pacman -S $(column "$1" 4)"
    echo "  Alpine          apk add $(column "$1" 5)"
}

install() {
    if ! command -v apt-get >/dev/null 2>&1; then
        check "$1" >&2
        exit 1
    fi
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "opik-alerts: neither root nor sudo: run 'apt-get install $(column "$1" 2)' as root" >&2
            exit 1
        fi
        as_root=sudo
    fi
    echo "opik-alerts: to be installed with apt, because they are missing:"
    explain "$1"
    echo "  ${as_root:+sudo }apt-get install --no-install-recommends $(column "$1" 2)"
    if [ -t 0 ] && [ -t 1 ]; then
        printf 'Go on? [Y/n] '
        read -r answer
        case $answer in n* | N*) exit 1 ;; esac
    fi
    # shellcheck disable=SC2046
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
            --no-install-recommends $(column "$1" 2)
}

# The benchmarks' peer from npm, as its package-lock.json has it.
peer=$(dirname "$0")/../../tests/bench/bullmq

modules_there() { # GROUP
    [ "$1" != bench ] || cmp -s "$peer/package-lock.json" "$peer/node_modules/.installed" 2>/dev/null
}

fetch_modules() {
    echo "opik-alerts: to be fetched with npm: BullMQ, to compare the engine with (tests/bench/bullmq)"
    (cd "$peer" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error &&
        cp package-lock.json node_modules/.installed)
}

case ${2:-run} in
run) wanted=$needs_run ;;
test) wanted=$needs_run$needs_test ;;
coverage) wanted=$needs_run$needs_test$needs_coverage ;;
sanitize) wanted=$needs_run$needs_test$needs_sanitize ;;
lint) wanted=$needs_run$needs_test$needs_lint ;;
bench) wanted=$needs_run$needs_test$needs_bench ;;
*) wanted= ;;
esac
rows=$(missing "$wanted")
[ -z "$wanted" ] && set -- usage
[ -z "$rows" ] && [ -n "$wanted" ] && modules_there "${2:-run}" && exit 0
case ${1:-check} in
check)
    [ -z "$rows" ] || check "$rows" >&2
    modules_there "${2:-run}" || echo "opik-alerts: BullMQ, to compare the engine with, is missing:" \
        "make deps FOR=bench fetches it with npm" >&2
    exit 1
    ;;
install)
    [ -z "$rows" ] || install "$rows" || { echo "opik-alerts: the installation failed" >&2; exit 1; }
    modules_there "${2:-run}" || fetch_modules || { echo "opik-alerts: npm failed" >&2; exit 1; }
    ;;
*) echo "usage: deps.sh check|install [run|test|coverage|sanitize|lint|bench]" >&2; exit 2 ;;
esac
