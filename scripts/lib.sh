# Shared by the scripts: progress, packages, the Swift check. Sourced, not run.

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$1"
    exit "${2:-2}"
}

# Runs a command as root, with sudo when needed.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root: run it as root once, or install sudo"
    fi
}

# Installs the Debian packages that are missing; says nothing when none is.
apt_install() {
    local missing=()
    local package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return 0
    command -v apt-get >/dev/null || die "missing: ${missing[*]}; this is no Debian, so install what they hold by hand"
    say "installing ${missing[*]}"
    as_root apt-get update -qq >/dev/null || die "apt-get update failed: check the network and /etc/apt/sources.list"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
        die "apt-get could not install ${missing[*]}: run it by hand to see why"
}

# Swift 6.3 or newer, or two lines that mend it.
check_swift() {
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -1)
    if [ -n "$version" ]; then
        # shellcheck disable=SC2086
        set -- $version
        if [ "$1" -gt 6 ] || { [ "$1" = 6 ] && [ "$2" -ge 3 ]; }; then return 0; fi
        say "Swift $1.$2 is too old: 6.3 or newer is needed."
    elif command -v swift >/dev/null; then
        say "Swift is on the PATH but does not start:"
        swift --version >&2 || true
    else
        say "Swift is not installed: 6.3 or newer is needed (Debian has no package of it)."
    fi
    die "Get the Debian 12 toolchain from swift.org/install/linux, unpack it, and put its usr/bin on the PATH." 3
}

# A short name for the state of all that is built, so that an unchanged tree is not built again.
tree_stamp() {
    {
        swift --version 2>/dev/null | head -1
        find Package.swift Sources Plugins Tests config -type f \( -name '*.swift' -o -name '*.yaml' -o -name '*.c' -o -name '*.h' -o -name '*.modulemap' \) \
            -not -path '*/.build*' -printf '%p %s %T@\n' | sort
    } | sha256sum | cut -c1-32
}

# Runs `swift build` and shows one line of progress from its [n/m] marks.
# shellcheck disable=SC2120
build_with_progress() {
    local log=.build/bootstrap.log
    mkdir -p .build
    set +e
    swift build -c release "$@" 2>&1 | tee "$log" | awk -v tty="$([ -t 2 ] && echo 1 || echo 0)" '
        match($0, /^\[[0-9]+\/[0-9]+\]/) {
            split(substr($0, 2, RLENGTH - 2), part, "/")
            percent = part[2] > 0 ? int(100 * part[1] / part[2]) : 0
            if (tty == 1) { printf "\rbuilding  %3d %%  [%s/%s]   ", percent, part[1], part[2] > "/dev/stderr" }
            else if (int(percent / 10) > shown) { shown = int(percent / 10); printf "building  %d %%\n", percent > "/dev/stderr" }
        }
        /error:/ { if (tty == 1) printf "\n" > "/dev/stderr"; print > "/dev/stderr" }
        END { if (tty == 1) printf "\n" > "/dev/stderr" }'
    local status=${PIPESTATUS[0]}
    set -e
    [ "$status" = 0 ] || die "the build failed; the whole log is in $log"
}
