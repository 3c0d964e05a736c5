#!/usr/bin/env bash
# Builds the guestbook's images and pushes them to a registry. What is built and pushed already stays as it is, digests included.
set -euo pipefail

readonly default_versions=(1.0 1.1 1.2)
readonly faults=(never-healthy crash-loop bad-entrypoint http-500 migration-fails)
readonly push_seconds=300
readonly recipe_label=org.slipway.example.recipe
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
    cat <<USAGE
Usage: build_images.sh REGISTRY[/PREFIX] [VERSION…] [--broken FAULT]…

  REGISTRY[/PREFIX]  where to push, as in GUESTBOOK_REGISTRY; log in first with docker login if the registry asks for it
  VERSION            a version of the web service, such as 1.0 (default: ${default_versions[*]})
                     1.2 never becomes healthy; every other version works; 1.3-crash-loop is 1.3 with that fault
  --broken FAULT     the same as VERSION 1.2-FAULT; FAULT is one of: ${faults[*]}
USAGE
}

say() { printf '%s\n' "$*" >&2; }
die() { say "build_images.sh: $*"; exit 1; }

is_fault() { local known; for known in "${faults[@]}"; do [[ $1 == "$known" ]] && return; done; return 1; }

# The fault of 1.2 is that it never becomes healthy; a suffix chooses another one.
fault_of() { case $1 in *-*) echo "${1#*-}" ;; 1.2) echo never-healthy ;; esac; }

check_version() {
    [[ $1 =~ ^[0-9]+(\.[0-9]+)+(-[a-z0-9-]+)?$ ]] || die "version '$1': expected numbers with dots such as 1.0, or 1.2-FAULT"
    if [[ $1 == *-* ]] && ! is_fault "${1#*-}"; then die "version '$1': the fault after the dash must be one of: ${faults[*]}"; fi
}

parse() {
    registry='' versions=()
    while (($#)); do
        case $1 in
            -h | --help) usage; exit ;;
            --broken) [[ -n ${2:-} ]] || die "--broken needs a fault: ${faults[*]}"; versions+=("1.2-$2"); shift ;;
            -*) usage >&2; die "unknown option $1" ;;
            *) if [[ -z $registry ]]; then registry=${1%/}; else versions+=("$1"); fi ;;
        esac
        shift
    done
    [[ -n $registry ]] || { usage >&2; die "name the registry to push to, such as 127.0.0.1:5000"; }
    ((${#versions[@]})) || versions=("${default_versions[@]}")
    local version
    for version in "${versions[@]}"; do check_version "$version"; done
}

# The same recipe means the same image: files, base and build arguments.
recipe() {
    {
        echo "$@"
        cd "$here/images"
        find . -type f ! -name '*.pyc' -path "./*" \( -path "./$1/*" -o -path './http-probe' \) -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        docker image inspect --format '{{.Id}}' "$base"
    } | sha256sum | cut -d' ' -f1
}

# build IMAGE TAG [BUILD_ARG…]
build() {
    local image=$1 tag=$2 wanted found log arguments=() started=$SECONDS
    shift 2
    wanted=$(recipe "$image" "$@")
    found=$(docker image inspect --format "{{index .Config.Labels \"$recipe_label\"}}" "guestbook-$image:$tag" 2>/dev/null || true)
    if [[ $found == "$wanted" ]]; then say "guestbook-$image:$tag is built already"; return; fi
    say "guestbook-$image:$tag is being built…"
    for argument in "BASE=$base" "$@"; do arguments+=(--build-arg "$argument"); done
    # The host's network, because it is the one that is known to reach Debian's packages. No attestations: they would hold the time.
    if ! log=$(BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build --network host --label "$recipe_label=$wanted" "${arguments[@]}" \
        --tag "guestbook-$image:$tag" --file "$here/images/$image/Dockerfile" "$here/images" 2>&1); then
        tail -n 20 <<<"$log" >&2
        die "guestbook-$image:$tag could not be built: see the lines above"
    fi
    say "guestbook-$image:$tag was built in $((SECONDS - started)) s"
}

push() {
    local local_name=guestbook-$1:$2 name=$registry/guestbook-$1:$2 log
    docker tag "$local_name" "$name"
    if ! log=$(timeout "$push_seconds" docker push "$name" 2>&1); then
        tail -n 3 <<<"$log" >&2
        die "$name could not be pushed: is the registry up, does this engine trust it, and is docker login done?"
    fi
    say "$name is in the registry, $(grep -o 'sha256:[0-9a-f]*' <<<"$log" | tail -n 1 | cut -c1-19)…"
}

parse "$@"
base=$("$here/base_image.sh")
build db 17
build proxy 3.0
for version in "${versions[@]}"; do build web "$version" "VERSION=$version" "FAULT=$(fault_of "$version")"; done
push db 17
push proxy 3.0
for version in "${versions[@]}"; do push web "$version"; done
