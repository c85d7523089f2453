#!/usr/bin/env bash
# Debian packages that some tests and the benchmark want. Installs them in CI, as root, or with FARTHING_INSTALL=1;
# otherwise says what is missing and which tests will be skipped.
set -euo pipefail
declare -A wanted=([nginx]=nginx-light [gcc]=gcc [chromium]=chromium)
missing=()
for command in "${!wanted[@]}"; do
    command -v "$command" >/dev/null || [ -x "/usr/sbin/$command" ] || missing+=("${wanted[$command]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && { [ -n "${CI:-}" ] || [ -n "${FARTHING_INSTALL:-}" ]; } && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
    echo "not installed: ${missing[*]} (tests and benchmarks that need them are skipped; FARTHING_INSTALL=1 as root installs them)"
fi
