#!/bin/sh
# usage: clang_tidy.sh BUILD_FOLDER
# Runs clang-tidy on the sources of the library, on every core.
set -u

command -v run-clang-tidy-19 >/dev/null || {
    echo "clang-tidy-19 is not installed"
    exit 77
}
log=$1/clang_tidy.log
run-clang-tidy-19 -quiet -p "$1" -j "$(nproc)" '/weft/[a-z]+/[a-z_]+(?<!_test)\.cpp$' \
    >"$log" 2>&1 && exit 0
grep -vE '^\[ *[0-9]+/[0-9]+\]|^[0-9]+ warnings|^clang-tidy-19 ' "$log"
exit 1
