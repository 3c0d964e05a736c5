#!/usr/bin/env bash
# Prints the reference of the Debian image that the example's images are built on, making it first when it is missing.
# Where a public registry answers, it is debian:trixie-slim; else debootstrap makes the same kind of image from Debian's packages.
#   DEBIAN_MIRROR   another Debian mirror than the one that debootstrap knows
set -euo pipefail

readonly suite=trixie
readonly public_image=debian:$suite-slim
readonly mirror=${DEBIAN_MIRROR:-}
readonly pull_seconds=20
readonly bootstrap_seconds=300
recipe=$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-12)
readonly local_image=guestbook-base:$suite-$recipe

say() { printf '%s\n' "base image: $*" >&2; }
die() { say "$*"; exit 1; }
present() { docker image inspect "$1" >/dev/null 2>&1; }

as_root() { if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n -- "$@"; fi; }

require_bootstrap() {
    command -v debootstrap >/dev/null ||
        die "cannot pull $public_image, and debootstrap is not installed: run apt-get install debootstrap, or give this engine a way to a registry"
    [[ -e /usr/share/debootstrap/scripts/$suite ]] ||
        die "this debootstrap does not know Debian $suite: install a newer debootstrap"
    [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] ||
        die "Debian's archive keys are missing: run apt-get install debian-archive-keyring"
    as_root true 2>/dev/null || die "debootstrap needs root: run this script once as root, or allow sudo"
}

# What debian:trixie-slim leaves out, too: documentation, translations, package lists.
slim() {
    local root=$1 exclude
    for exclude in doc man info locale lintian; do echo "path-exclude /usr/share/$exclude/*"; done |
        as_root tee "$root/etc/dpkg/dpkg.cfg.d/slim" >/dev/null
    as_root rm -rf "$root"/usr/share/{doc,man,info,locale,lintian} "$root"/var/lib/apt/lists "$root"/var/cache/apt/archives "$root"/var/log
    as_root mkdir -p "$root"/var/lib/apt/lists/partial "$root"/var/cache/apt/archives/partial "$root"/var/log
}

# debootstrap leaves the mirror that it used; updates and security fixes lie beside it.
write_sources() {
    local used security
    used=$(awk '$1 == "deb" { print $2; exit }' "$1/etc/apt/sources.list")
    used=${used%/}
    security=${used%/debian}/debian-security
    printf 'deb %s %s main\n' "$used" "$suite" "$used" "$suite-updates" "$security" "$suite-security" |
        as_root tee "$1/etc/apt/sources.list" >/dev/null
}

bootstrap() {
    require_bootstrap
    local work
    work=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder's name is wanted as it is now
    trap "as_root rm -rf --one-file-system '$work'" EXIT
    say "cannot pull $public_image; debootstrap makes it (about half a minute)"
    if ! as_root timeout "$bootstrap_seconds" debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        "$suite" "$work/root" ${mirror:+"$mirror"} >"$work/log" 2>&1; then
        tail -n 5 "$work/log" >&2
        die "debootstrap could not make Debian $suite within $bootstrap_seconds s: see the lines above; DEBIAN_MIRROR names another mirror"
    fi
    write_sources "$work/root"
    slim "$work/root"
    as_root tar -C "$work/root" --numeric-owner --sort=name -c . | docker import --change 'CMD ["bash"]' - "$local_image" >/dev/null
    say "made $local_image"
}

docker info >/dev/null 2>&1 || die "cannot talk to the Docker engine: start it, or join the group docker"
# What was used once is used again: another base would change the digest of every image on top.
if present "$local_image"; then echo "$local_image"; exit; fi
if present "$public_image" || timeout "$pull_seconds" docker pull --quiet "$public_image" >/dev/null 2>&1; then echo "$public_image"; exit; fi
bootstrap
echo "$local_image"
