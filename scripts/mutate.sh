#!/usr/bin/env bash
# Mutation testing of the core's rules: each survivor, and for each module how many were killed. Takes half an hour and more.
# Arguments: names of modules of sidecar/core; all that scripts/mutate.cfg has, if there are none.
# JOBS: mutants at a time (1). PYTHON: the interpreter for its environment, .venv-mutate (python3).
# It works on a copy, .mutate, made anew each time.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv-mutate/bin
stamp=.venv-mutate/.ready-$(cat requirements/dev.txt requirements/mutate.txt | cksum | cut -d ' ' -f 1)

if [ ! -e "$stamp" ]; then
  rm -rf .venv-mutate
  "${PYTHON:-python3}" -m venv .venv-mutate
  "$bin/pip" install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
  "$bin/pip" install -q --disable-pip-version-check --require-hashes -r requirements/mutate.txt
  touch "$stamp"
fi

rm -rf .mutate
mkdir -p .mutate/tests
cp -R sidecar pyproject.toml scripts/mutate_tables.py .mutate
cp -R tests/__init__.py tests/conftest.py tests/core tests/model tests/vectors tests/test_vectors_command.py .mutate/tests
cp scripts/mutate.cfg .mutate/setup.cfg
cd .mutate
find . -name __pycache__ -prune -exec rm -rf {} +
# mutmut leaves decorated functions alone, and what was remembered before would answer in a mutant's place.
sed -i.bak '/^@lru_cache(.*)$/d' sidecar/core/*.py

functions=" $(sed -n 's|^ *sidecar/core/\([a-z_]*\)\.py$|\1|p' setup.cfg | tr '\n' ' ')"
modules=("$@")
[ ${#modules[@]} -gt 0 ] || modules=($functions reasons) # reasons is a table alone
patterns=()
for module in "${modules[@]}"; do
  case "$functions" in *" $module "*) patterns+=("sidecar.core.$module.*") ;; esac
done
if [ ${#patterns[@]} -gt 0 ]; then
  "$bin/mutmut" run --max-children "${JOBS:-1}" "${patterns[@]}" > mutmut.log 2>&1 || { tail -c 4000 mutmut.log; exit 1; }
  "$bin/mutmut" results --all true | sed -n 's/^ *sidecar\.core\.//p' | grep -v ': not checked$' > results.txt
  sed -n '/: killed$/!p' results.txt | while IFS=: read -r name outcome; do
    echo "${outcome# }  $name"
    "$bin/mutmut" show "sidecar.core.$name" | sed -n '/^[-+] /p'
  done
  awk -F '[.]|: ' '{ all[$1] += 1; count[$1, $NF] += 1 } END { for (module in all) {
    printf "%s: %d of %d mutants of its functions killed, ", module, count[module, "killed"], all[module]
    printf "%d ran out of time\n", count[module, "timeout"] } }' results.txt
fi
"$bin/python" mutate_tables.py "${modules[@]}"
