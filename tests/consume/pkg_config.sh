#!/bin/sh
# usage: pkg_config.sh COMPILER LIBDIR SOURCE PROGRAM
# Builds SOURCE with what weft.pc says and nothing else, and runs it.
set -eu
compiler=$1 libdir=$2 source=$3 program=$4

command -v pkg-config >/dev/null || {
    echo "pkg-config is not installed"
    exit 77
}
export PKG_CONFIG_PATH="$libdir/pkgconfig"

# shellcheck disable=SC2046 # the flags are words
"$compiler" -std=c++20 -Wall -Wextra -Werror "$source" -o "$program" \
    $(pkg-config --cflags --libs weft)
LD_LIBRARY_PATH="$libdir" "$program"
