#!/bin/sh
# usage: clang_tidy.sh BUILD_FOLDER
# Runs clang-tidy on the sources of the library, on every core. Sources of a layer are read a dozen
# at a time, each dozen as one file: most of the time goes into the headers that they share.
set -u

command -v clang-tidy-19 >/dev/null || {
    echo "clang-tidy-19 is not installed"
    exit 77
}
work=$1/clang_tidy
rm -rf "$work"
mkdir -p "$work"
for layer in weft/*/; do
    find "$layer" -name '*.cpp' ! -name '*_test.cpp' | sort | sed 's|.*|#include "&"|' |
        split -l 12 -d --additional-suffix=.cpp - "$work/$(basename "$layer")_"
done
find "$work" -name '*.cpp' -print0 | xargs -0 -n 1 -P "$(nproc)" sh -c '
    clang-tidy-19 --quiet --config-file=.clang-tidy --checks=-bugprone-suspicious-include \
        --header-filter="/weft/[a-z]+/[a-z_]+\.[ch]pp\$" \
        "$1" -- -std=c++20 -I. "-I$0/include" >"$1.log" 2>&1' "$1" && exit 0
cat "$work"/*.log | grep -v " warnings generated\.$"
exit 1
