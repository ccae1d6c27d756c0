#!/usr/bin/env bash
# Packs the library, installs it from its file into a project of its own, type-checks and imports it there without
# OpenTelemetry, and prints the file's path as the last line.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
cp ../../LICENSE LICENSE
project=$(mktemp -d)
trap 'rm -rf "$project" "$here/LICENSE"' EXIT
file=build/$(npm pack --silent --loglevel=error --pack-destination build 2>/dev/null)
version() { node -p "require('./package-lock.json').packages['node_modules/$1'].version"; }
cp .npmrc "$project"
cp build/readme-source/readme.ts "$project/readme.ts"
cat >"$project/package.json" <<END
{ "private": true, "type": "module" }
END
cat >"$project/use.ts" <<'END'
import { Client, type Event, RemoraError, user, VERSION } from "@remora-llm/client";
import { ChatRequest } from "@remora-llm/client/pb";

const remora = new Client({ address: "127.0.0.1:1", connectTimeoutMs: 100 });
const kinds: Event["kind"][] = [];
try {
  for await (const event of remora.chat(ChatRequest.create({ messages: [user("Why?")] }))) kinds.push(event.kind);
} catch (error) {
  if (!(error instanceof RemoraError) || error.kind !== "SIDECAR_UNREACHABLE") throw error;
}
remora.close();
if (kinds.length > 0 || VERSION === "") throw new Error("not what was packed");
END
cat >"$project/tsconfig.json" <<'END'
{
  "compilerOptions": { "target": "es2022", "module": "nodenext", "strict": true, "types": ["node"] },
  "include": ["*.ts"]
}
END
(
  cd "$project"
  npm install --no-save --prefer-offline --loglevel=error \
    "$here/$file" "typescript@$(cd "$here" && version typescript)" "@types/node@$(cd "$here" && version @types/node)" >/dev/null
  test ! -e node_modules/@opentelemetry || { echo "the package brings OpenTelemetry along"; exit 1; }
  test "$(node -p "require('@remora-llm/client/package.json').version")" = "$(node -p "require('$here/package.json').version")"
  node_modules/.bin/tsc -p .
  node use.js
)
tar -tzf "$file" | grep -x package/LICENSE >/dev/null
echo "$file"
