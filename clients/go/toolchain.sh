#!/bin/sh
# Prints what of the toolchain is missing, one line each; exit 1 if anything is. Users need go.mod's Go; the pinned tools
# need that of tools/go.mod.
needed=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' "$(dirname "$0")/tools/go.mod")
if ! command -v go >/dev/null 2>&1; then
  echo "go $needed or newer: not installed"
  exit 1
fi
found=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed 's/^go//')
oldest=$(printf '%s\n%s\n' "$needed" "$found" | sort -V | head -n 1)
if [ "$oldest" != "$needed" ]; then
  echo "go $needed or newer: ${found:-an older one} is installed"
  exit 1
fi
