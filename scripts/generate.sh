#!/usr/bin/env bash
# Generates the Python code of the contract into the sidecar and into the client: one generator, two copies.
# An older generator on purpose: generated code demands a runtime at least as new as itself (see ARCHITECTURE.md).
# Usage: scripts/generate.sh [OUT]   OUT: a folder to write to instead of the tree, for the freshness check.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-.}
if [ ! -x .venv-gen/bin/python ]; then
  python3 -m venv .venv-gen
  .venv-gen/bin/pip install -q --require-hashes -r requirements/generate.txt
fi
raw=$(mktemp -d)
trap 'rm -rf "$raw"' EXIT
PATH="$PWD/.venv-gen/bin:$PATH" .venv-gen/bin/python -m grpc_tools.protoc -I proto \
  --python_out="$raw" --mypy_out="quiet:$raw" --grpc_python_out="$raw" --mypy_grpc_out="quiet:$raw" \
  proto/remora/v1/*.proto
.venv-gen/bin/python scripts/relative_imports.py "$raw/remora/v1" "$out/sidecar/pb" "$out/clients/python/remora_client/_pb"
