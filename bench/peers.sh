#!/usr/bin/env bash
# Builds the peers in Rust and Go: peers.sh FOLDER puts peer_tokio and peer_go there. One whose
# toolchain or packages are not on this machine is left out with a note: its rows of 'weft bench'
# then say so. Costs a second when nothing has changed.
set -uo pipefail
sources=$(cd "$(dirname "$0")" && pwd)
into=${1:?usage: peers.sh FOLDER}

note() { printf '   %s\n' "$*"; }

# copy NAME: the sources, where the toolchains may write beside them.
copy() {
    mkdir -p "$into/peers/$1"
    cp -rpu "$sources/$1/." "$into/peers/$1/"
}

# made NAME PROGRAM: puts it where the others are, or says why there is none.
made() {
    if [[ -x $2 ]]; then
        cmp -s "$2" "$into/$1" || cp "$2" "$into/$1"
    else
        note "$1 is left out, it does not build: $into/peers/$1.log"
    fi
}

build_tokio() {
    local program=$into/peers/target/release/peer_tokio
    command -v cargo >/dev/null || {
        note "peer_tokio is left out: there is no cargo"
        return
    }
    compgen -G '/usr/share/cargo/registry/tokio-1.*' >/dev/null || {
        note "peer_tokio is left out: the package librust-tokio-dev is not installed"
        return
    }
    copy peer_tokio
    (cd "$into/peers/peer_tokio" &&
        cargo --config cargo.toml build --release --offline --target-dir ../target) \
        >"$into/peers/peer_tokio.log" 2>&1 || rm -f "$program"
    made peer_tokio "$program"
}

build_go() {
    local program=$into/peers/peer_go/peer_go
    command -v go >/dev/null || {
        note "peer_go is left out: there is no go"
        return
    }
    copy peer_go
    (cd "$into/peers/peer_go" &&
        GOCACHE=$into/peers/go-cache GOFLAGS=-mod=mod GOPROXY=off go build -o "$program" .) \
        >"$into/peers/peer_go.log" 2>&1 || rm -f "$program"
    made peer_go "$program"
}

mkdir -p "$into/peers"
build_tokio
build_go
exit 0
