# shellcheck shell=bash
# Sourced by ./run and ./test: headings, and how a preset is built.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
mkdir -p build
install_log=build/install.log

bold='' red='' dim='' plain=''
if [[ -t 1 && -z ${NO_COLOR-} ]]; then
    bold=$'\e[1m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
fi

# section TITLE: says how long the previous section took, and opens the next one.
section_title='' section_start=0
section() {
    end_section
    section_title=$1 section_start=$SECONDS
    printf '%s== %s%s\n' "$bold" "$1" "$plain"
}
end_section() {
    [[ -z $section_title ]] ||
        printf '%s   %s: %d s%s\n' "$dim" "$section_title" $((SECONDS - section_start)) "$plain"
    section_title=''
}
note() { printf '%s   %s%s\n' "$dim" "$1" "$plain"; }
complain() { printf '%s   %s%s\n' "$red" "$1" "$plain" >&2; }

. scripts/packages.sh

# need PROGRAM...: false, and says so, when one is absent.
need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null && continue
        complain "'$program' is not installed: see the list in scripts/packages.sh"
        return 1
    done
}

# build PRESET [OPTION...]: configures when that is due, then builds; options go to cmake --build.
build() {
    local preset=$1 configured=build/$1/configured ninja=()
    shift
    # Ninja itself configures again when a CMakeLists.txt changes, but it does not know the presets.
    if [[ ! $configured -nt CMakePresets.json ]]; then
        cmake --preset "$preset" >build/configure.log 2>&1 || {
            grep -v '^--' build/configure.log
            return 1
        }
        touch "$configured"
    fi
    [[ -t 1 ]] || ninja=(--quiet)
    cmake --build --preset "$preset" "$@" -- "${ninja[@]}"
}
