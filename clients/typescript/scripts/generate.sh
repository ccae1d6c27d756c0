#!/usr/bin/env bash
# Generates the TypeScript code of the contract, of the status details and of gRPC's health check.
# Usage: scripts/generate.sh OUT   OUT: the folder to write to, emptied first.
set -euo pipefail
cd "$(dirname "$0")/.."
root=../..
out=$1
python=$root/.venv-gen/bin/python
if [ ! -x "$python" ]; then
  spare=$(mktemp -d)
  trap 'rm -rf "$spare"' EXIT
  mkdir -p "$spare/sidecar/pb" "$spare/clients/python/remora_client/_pb"
  "$root/scripts/generate.sh" "$spare"
fi
rm -rf "$out"
mkdir -p "$out"
options=env=both,esModuleInterop=true,importSuffix=.js,oneof=unions-value,useOptionals=messages
options+=,removeEnumPrefix=true,unknownFields=true
options+=,outputServices=generic-definitions,outputJsonMethods=false,outputIndex=false,useExactTypes=false
"$python" -m grpc_tools.protoc -I $root/proto -I proto \
  --plugin=protoc-gen-ts_proto=node_modules/.bin/protoc-gen-ts_proto \
  --ts_proto_out="$out" --ts_proto_opt=$options \
  $root/proto/remora/v1/*.proto proto/google/rpc/*.proto proto/grpc/health/v1/*.proto
