#!/bin/sh
# make install into a folder, the unit as systemd reads it, and make uninstall.
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0
build=$(dirname "${OPIK_ALERTS:-build/opik-alerts}")
build=${build#"$PWD/"} # as it was named when it was built, or make would build again
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
check() { # NAME COMMAND...
    name=$1
    shift
    if said=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not ok: %s\n%s\n' "$name" "$said"
    fi
}
install_to() { make -s --no-print-directory BUILD="$build" DESTDIR="$to" PREFIX=/usr "$1"; }
unit=$to/usr/lib/systemd/system/opik-alerts.service

check 'make install' install_to install
check 'the program runs' "$to/usr/bin/opik-alerts" --version
check 'the man page is one' grep -q '^\.TH OPIK' "$to/usr/share/man/man1/opik-alerts.1"
check 'bash can read its completion' bash -n "$to/usr/share/bash-completion/completions/opik-alerts"
check 'zsh gets its completion' grep -q '#compdef opik-alerts' "$to/usr/share/zsh/site-functions/_opik-alerts"
check 'fish gets its completion' grep -q 'complete -c opik-alerts' "$to/usr/share/fish/vendor_completions.d/opik-alerts.fish"
check 'the unit names the program' grep -q '^ExecStart=/usr/bin/opik-alerts serve ' "$unit"
check 'the user is described' grep -q '^u opik-alerts ' "$to/usr/lib/sysusers.d/opik-alerts.conf"
check 'the examples come along' cmp assets/examples/token-check.mjs \
    "$to/usr/share/doc/opik-alerts/examples/token-check.mjs"
# What a security issue asks for stays in.
for line in UMask=0077 StateDirectoryMode=0700 NoNewPrivileges=yes ProtectSystem=strict \
    ProtectHome=yes PrivateTmp=yes PrivateDevices=yes ProtectProc=invisible \
    MemoryDenyWriteExecute=yes LimitCORE=0 LoadCredential=opik-alerts.key WatchdogSec=30 \
    Type=notify SystemCallFilter=@system-service; do
    check "the unit holds $line" grep -qx "$line" "$unit"
done
if command -v systemd-analyze >/dev/null 2>&1; then
    # Verified with the program where it is, as the unit's own path is not there yet.
    sed "s|^ExecStart=/usr/bin/|ExecStart=$to/usr/bin/|" "$unit" > "$to/opik-alerts.service"
    said=$(systemd-analyze verify --man=no "$to/opik-alerts.service" 2>&1 | grep 'opik-alerts\.service')
    check "systemd-analyze verify: $said" test -z "$said"
    # Exposure in tenths; 20 is what systemd itself still calls OK.
    check 'systemd-analyze security: 2.0 at most' systemd-analyze security --no-pager \
        --offline=true --threshold=20 "$to/opik-alerts.service"
fi
check 'make uninstall' install_to uninstall
left=$(find "$to/usr" -type f)
check "nothing is left: $left" test -z "$left"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
