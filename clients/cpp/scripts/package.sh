#!/bin/sh
# Packs what `cmake --install` installs, the same bytes from the same tree, and tries it: a small project finds it, builds
# and runs. Prints the archive's path. Usage: scripts/package.sh BUILD-FOLDER NAME
set -eu
cd "$(dirname "$0")/.."
build=$1 name=$2
tree=build/package/$name tried=build/package/tried
rm -rf build/package
cmake --install "$build" --prefix "$tree" >/dev/null
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C build/package -c "$name" | gzip -9n >"build/$name.tar.gz"

mkdir -p "$tried"
tar -xzf "build/$name.tar.gz" -C "$tried"
rm -rf "$tree"
quietly() { said=$("$@" 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }; }
quietly cmake -S tests/consumer -B "$tried/build" -G Ninja -DCMAKE_PREFIX_PATH="$PWD/$tried/$name"
quietly cmake --build "$tried/build"
REMORA_ADDRESS=127.0.0.1:1 "$tried/build/consumer"
echo "clients/cpp/build/$name.tar.gz"
