#!/usr/bin/env bash
# Prints the folder of the pinned kube-apiserver and etcd; builds them once into .tools/ with the Go toolchain: seven
# minutes of processor time, which were 17 minutes by the clock on two cores that others kept busy.
# Exit 3, with one line on stderr: there is no Go here that can build them.
set -euo pipefail
cd "$(dirname "$0")/.."
module=tests/cluster/tools
# Of the line that requires a module.
version_of() {
  sed -nE "s#^(require)?[[:space:]]+$1 (v[^[:space:]]+).*#\\2#p" $module/go.mod
}
VERSION=$(version_of k8s.io/kubernetes)
tools="$PWD/.tools"
stamp="$tools/cluster.version"
built="Kubernetes $VERSION, etcd $(version_of go.etcd.io/etcd/server/v3)"

is_built() {
  [ -x "$tools/kube-apiserver" ] && [ -x "$tools/etcd" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$built" ]
}

if is_built; then
  echo "$tools"
  exit 0
fi
if ! command -v go >/dev/null; then
  echo "cluster: not built, the Go toolchain is not installed" >&2
  exit 3
fi
mkdir -p "$tools"
# Two at once wait for each other rather than build twice.
exec 9>"$tools/cluster.lock"
flock 9
if ! is_built; then
  # What Kubernetes' own build sets: without it, the server says that it is of version 0.0.0, which helm believes.
  IFS=. read -r major minor _ <<<"${VERSION#v}"
  said=k8s.io/component-base/version
  flags="-s -w -X $said.gitVersion=$VERSION -X $said.gitMajor=$major -X $said.gitMinor=$minor"
  build() {
    CGO_ENABLED=0 nice -n 10 go build -C "$module" -p 2 -trimpath -ldflags "$flags" -o "$tools/$1" "$2" >&2
  }
  build etcd go.etcd.io/etcd/server/v3
  build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
  echo "$built" >"$stamp"
fi
echo "$tools"
