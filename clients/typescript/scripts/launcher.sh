#!/usr/bin/env bash
# Makes a program of a compiled module, to be run from any folder.
# Usage: scripts/launcher.sh PROGRAM MODULE   MODULE: its path from the program's folder.
set -euo pipefail
printf '#!/bin/sh\nexec node "$(dirname "$(readlink -f "$0")")/%s" "$@"\n' "$2" >"$1"
chmod +x "$1"
