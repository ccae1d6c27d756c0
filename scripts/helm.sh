#!/usr/bin/env bash
# Prints the path of the pinned helm; builds it once into .tools/ with the Go toolchain (some minutes on two cores).
# Exit 3, with one line on stderr: there is no Go here that can build it.
set -euo pipefail
cd "$(dirname "$0")/.."
VERSION=v3.22.0
KUBERNETES_MINOR=37  # of client-go in that version: what templates are rendered for where nobody says
tools="$PWD/.tools"
stamp="$tools/helm.version"
built="$VERSION for Kubernetes 1.$KUBERNETES_MINOR"

if [ -x "$tools/helm" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$built" ]; then
  echo "$tools/helm"
  exit 0
fi
if ! command -v go >/dev/null; then
  echo "helm: not built, the Go toolchain is not installed" >&2
  exit 3
fi
mkdir -p "$tools"
# Two at once wait for each other rather than build twice.
exec 9>"$tools/helm.lock"
flock 9
if [ ! -x "$tools/helm" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$built" ]; then
  # What helm's own Makefile sets: without it, helm believes in Kubernetes 1.20.
  helm=helm.sh/helm/v3
  flags="-s -w -X $helm/internal/version.version=$VERSION"
  for package in chartutil lint/rules; do
    flags+=" -X $helm/pkg/$package.k8sVersionMajor=1 -X $helm/pkg/$package.k8sVersionMinor=$KUBERNETES_MINOR"
  done
  GOBIN="$tools" go install -trimpath -ldflags "$flags" "$helm/cmd/helm@$VERSION" >&2
  echo "$built" >"$stamp"
fi
echo "$tools/helm"
