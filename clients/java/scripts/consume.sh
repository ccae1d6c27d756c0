#!/usr/bin/env bash
# Compiles and runs the smallest application on the packaged jar and what it depends on, without what is optional.
# Usage: scripts/consume.sh JAR
set -euo pipefail
cd "$(dirname "$0")/.."
classpath=$1:$(cat build/runtime-classpath)
rm -rf build/consumer
javac --release 17 -Xlint:all -Werror -proc:none -cp "$classpath" -d build/consumer consumer/Consumer.java
java -cp "build/consumer:$classpath" Consumer
