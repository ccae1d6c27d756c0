#!/usr/bin/env bash
# Pins every dependency with hashes and without addresses. uv runs from an environment of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
python3 -m venv "$tools/venv"
"$tools/venv/bin/pip" install -q uv==0.13.8
compile() { "$tools/venv/bin/uv" pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header "$@"; }
# The client comes from this tree, so it is no requirement to look up.
mkdir "$tools/project"
grep -v '"remora-client' pyproject.toml > "$tools/project/pyproject.toml"
compile --extra dev "$tools/project/pyproject.toml" -o requirements/dev.txt
compile -c requirements/dev.txt "$tools/project/pyproject.toml" -o requirements/runtime.txt
printf 'grpcio-tools==1.75.1\nmypy-protobuf==3.6.0\nsetuptools>=80,<90\n' > "$tools/generate.in"
compile "$tools/generate.in" -o requirements/generate.txt
echo 'mutmut==3.8.1' > "$tools/mutate.in"
compile -c requirements/dev.txt "$tools/mutate.in" -o requirements/mutate.txt
