#!/bin/sh
# Packs the module as a zip file, as Go's module proxies serve it, and builds a program with what is in it.
# Usage: package.sh MODULE VERSION ZIP PROGRAM
set -eu
module=$1 version=$2 zip=$3 program=$4
here=$(pwd)
try=build/package
rm -rf "$try" "$zip"
mkdir -p "$try/consumer"
build/tools/modulezip pack "$module" "$version" . ../../LICENSE "$zip"
build/tools/modulezip unpack "$module" "$version" "$zip" "$try/module"
cp "$program" "$try/consumer/main.go"
cp go.sum "$try/consumer/"
cat > "$try/consumer/go.mod" <<MOD
module example.org/consumer

go 1.23.0

require $module $version

replace $module => ../module
MOD
cd "$try/consumer"
go build -mod=mod -o consumer .
cd "$here"
test -f "$try/module/LICENSE"
echo "$zip"
