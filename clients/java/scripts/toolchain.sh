#!/usr/bin/env bash
# Prints what is missing to build the Java client, one line each; nothing and exit 0 if nothing is.
set -u
missing=0
java=$(javac -version 2>&1 | grep -oE '[0-9]+' | head -1)
if [ "${java:-0}" -lt 17 ]; then
  echo "a JDK, 17 or newer (javac)"
  missing=1
fi
if ! command -v mvn >/dev/null; then
  echo "Maven, 3.8 or newer (mvn)"
  missing=1
fi
exit "$missing"
