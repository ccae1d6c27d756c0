#!/usr/bin/env bash
# Builds the image without a container engine or a registry, tells its size, and has its sidecar serve and answer.
# The base is made here by debootstrap (Debian bookworm's Python 3.11), the image by buildah with chroot isolation.
# Needs root, and the Debian packages buildah and debootstrap. KEEP=1 leaves the image in buildah's storage.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in buildah debootstrap; do
  command -v "$program" >/dev/null || { echo "image-check: $program is missing: apt-get install buildah debootstrap" >&2; exit 3; }
done
[ "$(id -u)" = 0 ] || { echo "image-check: debootstrap needs root" >&2; exit 3; }
export BUILDAH_ISOLATION=chroot
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; } | sed -n 's/^URIs: *//p; s/^deb \(http[^ ]*\).*/\1/p' | sed -n 1p)
work=$(mktemp -d)
container=
sidecar=
finish() {
  [ -z "$sidecar" ] || kill "$sidecar" 2>/dev/null || true
  wait
  [ -z "$container" ] || buildah rm "$container" >/dev/null
  [ -n "${KEEP:-}" ] || buildah rmi -f localhost/remora:checked localhost/remora-base >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

echo "the base: Debian bookworm with Python $(debootstrap --version | sed 's/^/by /')"
debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$work/root" "$mirror" >"$work/base.log" 2>&1 \
  || { tail "$work/base.log"; exit 1; }
ln -sf python3 "$work/root/usr/bin/python"
rm -rf "$work"/root/var/cache/apt/archives/* "$work"/root/var/lib/apt/lists/* "$work"/root/usr/share/{doc,man,locale}
base=$(buildah from scratch)
buildah add -q "$base" "$work/root" / >/dev/null
buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
buildah commit -q --rm "$base" localhost/remora-base >/dev/null

# What reaches packages here reaches them in the build too: certificates and pip's settings.
mounts=(-v /etc/ssl/certs:/etc/ssl/certs:ro)
[ ! -e /etc/pip.conf ] || mounts+=(-v /etc/pip.conf:/etc/pip.conf:ro)
buildah bud --build-arg BASE=localhost/remora-base "${mounts[@]}" -t localhost/remora:checked . >"$work/build.log" 2>&1 \
  || { tail -n 30 "$work/build.log"; exit 1; }
buildah images --format '{{.Name}}:{{.Tag}} {{.Size}}' | grep 'localhost/remora'

container=$(buildah from localhost/remora:checked)
buildah run --user 65532:65532 "$container" -- \
  remora serve --simulator --listen-grpc 127.0.0.1:47650 2>"$work/serve.log" &
sidecar=$!
asked() { buildah run --user 65532:65532 --env REMORA_ADDRESS=127.0.0.1:47650 "$container" -- remora "$@"; }
for _ in $(seq 60); do
  if asked health --check >"$work/health" 2>&1; then break; fi
  sleep 0.5
done
cat "$work/health"
asked chat smart "Why is the sky blue?"
echo "PASS: the image's sidecar serves as user 65532 and answers"
