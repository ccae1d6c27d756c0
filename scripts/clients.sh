#!/usr/bin/env bash
# Runs targets of every client's own Makefile, one language after the other. A language without its toolchain is one
# visible line; on CI's machine, for what .ci/require lists, it is a failure.
# Usage: scripts/clients.sh TARGET...   CLIENTS="go rust" picks languages.
set -euo pipefail
cd "$(dirname "$0")/.."
required=" $(grep -v '^#' .ci/require | tr '\n' ' ') "
failed=0
for language in ${CLIENTS:-python go typescript java rust cpp}; do
  if ! missing=$(make -s -C "clients/$language" toolchain 2>/dev/null); then
    echo "clients: $language is skipped: $(tr '\n' ' ' <<<"$missing")"
    if [ -n "${CI:-}" ] && [[ "$required" == *" $language "* ]]; then
      echo "clients: $language is required here" >&2
      failed=1
    fi
    continue
  fi
  began=$SECONDS
  make -s -C "clients/$language" "$@"
  echo "clients: $language: $* in $((SECONDS - began)) s"
done
exit "$failed"
