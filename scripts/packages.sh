# shellcheck shell=bash disable=SC2154
# Sourced by ./run and ./test: what they need from Debian 12, and install_packages, which brings it.

# group, package, what it is for
packages='
run   g++                         compiler, 12 or later
run   cmake                       build, 3.25 or later
run   ninja-build                 build
run   liburing-dev                the io_uring driver
run   libexpat1-dev               weft::xml
run   libcli11-dev                the tool: its command line
run   libfmt-dev                  the tool: its output
run   nlohmann-json3-dev          the tool: --json
run   libboost1.81-dev            benchmarks: the peers weft is compared with
run   libboost-context1.81-dev    benchmarks: the peers weft is compared with
run   libboost-coroutine1.81-dev  benchmarks: the peers weft is compared with
run   libboost-fiber1.81-dev      benchmarks: the peers weft is compared with
run   libuv1-dev                  benchmarks: the peer libuv
run   libbenchmark-dev            benchmarks
run   libgtest-dev                tests
run   libgmock-dev                tests
run   python3                     tests: scripts/tidy.py and the documentation
test  clang-format-19             tests: formatting
test  gdb                         tests: the gdb script
all   pkg-config                  tests: weft.pc
all   clang-19                    tests: the other compiler, sanitizers, fuzzing, coverage
all   libclang-rt-19-dev          tests: sanitizers, fuzzing
all   clang-tidy-19               tests: static analysis
all   g++-aarch64-linux-gnu       tests: the other architecture
all   qemu-user-static            tests: runs what was built for it
all   valgrind                    tests: greenlets under valgrind
all   llvm-19                     tests: readable sanitizer reports, coverage
peer  golang-go                   benchmarks: the peer Go
peer  librust-tokio-dev           benchmarks: the peer Tokio
cargo cargo                       benchmarks: the peer Tokio
'

# install_packages GROUP...: installs what is missing of these groups. Where it cannot, it says what
# is missing and goes on, as the programs may be there without their packages. Costs one call of
# dpkg-query when nothing is missing.
install_packages() {
    local group package purpose installed='' missing=() absent=() available=()
    if command -v dpkg-query >/dev/null; then
        installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null)
    fi
    while read -r group package purpose; do
        [[ -n $group && " $* " == *" $group "* ]] || continue
        [[ $'\n'"$installed"$'\n' == *$'\n'"installed $package"$'\n'* ]] || missing+=("$package")
    done <<<"$packages"
    ((${#missing[@]})) || return 0

    section "install what is missing"
    rm -f "$install_log"
    note "${missing[*]}"
    if command -v apt-get >/dev/null && as_root true; then
        as_root apt-get update -qq </dev/null || note "apt-get update failed"
        for package in "${missing[@]}"; do
            if apt-cache show "$package" >/dev/null 2>&1; then
                available+=("$package")
            else
                absent+=("$package")
            fi
        done
        # --no-remove: never at the price of a package that the machine's owner chose.
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-remove \
            --no-install-recommends -o DPkg::Lock::Timeout=300 "${available[@]}" \
            </dev/null >"$install_log" 2>&1 && missing=("${absent[@]}")
    fi
    ((${#missing[@]})) || return 0

    note "could not install the following; give them in your system's own way (Debian 12 names):"
    while read -r group package purpose; do
        [[ -z $package || " ${missing[*]} " != *" $package "* ]] ||
            printf '     %-27s %s\n' "$package" "$purpose"
    done <<<"$packages"
    [[ ! -s $install_log ]] || note "apt-get's own words are in $install_log"
    note "going on with what is here"
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        if [[ -t 0 ]]; then sudo "$@"; else sudo -n "$@"; fi
    else
        return 1
    fi
}
