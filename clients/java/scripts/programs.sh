#!/usr/bin/env bash
# Makes build/readme, build/example and build/conformance: shell scripts that run what Maven compiled.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf build/readme-classes build/programs.jsa
javac --release 17 -Xlint:all -Werror -proc:none -cp "target/classes:$(cat build/classpath)" \
  -d build/readme-classes build/readme-source/Readme.java
jar --create --file build/programs.jar -C target/classes . -C target/test-classes . -C build/readme-classes .

# A short program is to start soon: the quick compiler alone, the classes it needs written down beforehand, and no
# events of Netty's for the flight recorder, whose start costs more than the first call.
classpath=$PWD/build/programs.jar:$(cat build/classpath)
flags="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -Xlog:disable"
flags+=" -Dio.grpc.netty.shaded.io.netty.jfr.enabled=false"
java $flags -XX:ArchiveClassesAtExit=build/programs.jsa -cp "$classpath" conformance.Training >/dev/null

# NAME MAIN-CLASS
program() {
  printf '#!/bin/sh\nexec java %s -XX:SharedArchiveFile=%q -cp %q %s "$@"\n' \
    "$flags" "$PWD/build/programs.jsa" "$classpath" "$2" >"build/$1"
  chmod +x "build/$1"
}
program readme Readme
program example example.FailoverChat
program conformance conformance.Conformance
