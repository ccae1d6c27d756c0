#!/usr/bin/env bash
# Fails when the generated code in the tree is not what proto/ gives.
set -euo pipefail
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
scripts/generate.sh "$fresh"
for folder in sidecar/pb clients/python/remora_client/_pb; do
  diff -r --exclude=__pycache__ "$folder" "$fresh/$folder" || { echo "$folder is stale: run make gen"; exit 1; }
done
