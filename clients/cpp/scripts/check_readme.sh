#!/bin/sh
# Checks the programs in README.md: formatted, and the first one ten lines of at most 100 characters.
set -eu
cd "$(dirname "$0")/.."
folder=build/readme_check
rm -rf "$folder"
cmake -DREADME=README.md -DFOLDER="$folder" -P cmake/readme_blocks.cmake
"${1:-clang-format}" --style=file:.clang-format --dry-run --Werror "$folder"/readme.cc "$folder"/block_*.cc
awk 'length > 100 { print "README.md: over 100 characters: " $0; bad = 1 }
     END { if (NR > 10) { print "README.md: the first program has " NR " lines"; bad = 1 } exit bad }' "$folder/readme.cc"
