#!/usr/bin/env bash
# Prints the path of a Jaeger all-in-one: $JAEGER, else one on the PATH, else what it builds once into .tools/ with the Go
# toolchain (twenty minutes on two busy cores, some seconds where Go's cache has it), at the versions of tests/jaeger/go.sum.
# Exit 3, with one line on stderr: there is none here, and no Go that can build it.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="$PWD/.tools"
module=tests/jaeger
stamp="$tools/jaeger.version"
built="$(sha256sum "$module/go.mod" "$module/go.sum")"

if [ -n "${JAEGER:-}" ]; then
  echo "$JAEGER"
  exit 0
fi
if found="$(command -v jaeger-all-in-one)"; then
  echo "$found"
  exit 0
fi
# The program `jaeger` is version 2 as a rule, which takes a file instead of these flags.
if found="$(command -v jaeger)" && "$found" help 2>/dev/null | grep -e --collector.otlp.grpc.host-port >/dev/null; then
  echo "$found"
  exit 0
fi
if [ -x "$tools/jaeger" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$built" ]; then
  echo "$tools/jaeger"
  exit 0
fi
if ! command -v go >/dev/null; then
  echo "jaeger: not built, the Go toolchain is not installed" >&2
  exit 3
fi
mkdir -p "$tools"
# Two at once wait for each other rather than build twice.
exec 9>"$tools/jaeger.lock"
flock 9
if [ ! -x "$tools/jaeger" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$built" ]; then
  echo "jaeger: building it once, which takes a while" >&2
  go build -C "$module" -trimpath -ldflags "-s -w" -o "$tools/jaeger" github.com/jaegertracing/jaeger/cmd/all-in-one >&2
  echo "$built" >"$stamp"
fi
echo "$tools/jaeger"
