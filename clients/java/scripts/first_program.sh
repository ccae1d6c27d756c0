#!/usr/bin/env bash
# Prints the first Java program of a Markdown file. Usage: scripts/first_program.sh README.md
set -euo pipefail
awk '/^```$/ && inside { exit } inside { print } /^```java$/ { inside = 1 }' "$1"
