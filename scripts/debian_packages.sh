#!/usr/bin/env bash
# Installs the Debian packages that clients and tests name in `debian-packages`, where this is Debian and we may; else names them.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t packages < <(cat clients/*/debian-packages tests/*/debian-packages | grep -v '^#' | sort -u)
lacking=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || lacking+=("$package")
done
[ ${#lacking[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "not installed: ${lacking[*]}"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -qq -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "${lacking[@]}" >/dev/null
