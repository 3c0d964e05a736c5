#!/usr/bin/env bash
# A registry on this machine's loopback for the demo. Touches only the container, volume and image that bear its label.
set -euo pipefail

readonly name=slipway-example-registry
readonly label=slipway.example=registry
readonly public_image=registry:2
readonly local_image=slipway-example-registry:debian
readonly default_port=5000
readonly last_port=5050
readonly pull_seconds=20
readonly ready_seconds=10

usage() {
    cat <<USAGE
Usage: example_registry.sh start|stop|status|remove [PORT]

  start    start it, or leave it running; prints its address, such as 127.0.0.1:5000, as the only line on standard output
           PORT defaults to $default_port, or the next free one up to $last_port
  stop     stop it and keep what was pushed
  status   print its address and exit 0 if it answers, else exit 1
  remove   stop it and remove what was pushed
USAGE
}

say() { printf '%s\n' "example registry: $*" >&2; }
die() { say "$*"; exit 1; }

is_ours() { docker "$1" inspect --format '{{json .}}' "$2" 2>/dev/null | grep -q '"slipway.example":"registry"'; }
exists() { docker "$1" inspect "$2" >/dev/null 2>&1; }
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
address() { { docker port "$name" 5000/tcp 2>/dev/null || true; } | head -n 1; }

refuse_foreign() {
    local kind
    for kind in container volume; do
        if exists "$kind" "$name" && ! is_ours "$kind" "$name"; then
            die "there is a $kind named $name that this script did not make: rename or remove it"
        fi
    done
}

answers() {
    local status
    exec 3<>"/dev/tcp/127.0.0.1/${1##*:}" || return 1
    printf 'GET /v2/ HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3 || return 1
    IFS= read -r -t 2 status <&3 || return 1
    [[ $status == HTTP/1.[01]\ 200* ]]
}

await() {
    local deadline=$((SECONDS + ready_seconds))
    until (answers "$1") 2>/dev/null; do
        if ((SECONDS >= deadline)); then
            docker logs --tail 5 "$name" >&2 || true
            die "$1 did not answer within $ready_seconds s: see the lines above"
        fi
        sleep 0.1
    done
}

choose_port() {
    if [[ -n $1 ]]; then
        if taken "$1"; then die "port $1 on 127.0.0.1 is taken: name another one"; fi
        echo "$1"
        return
    fi
    local port
    for ((port = default_port; port <= last_port; port++)); do
        if ! taken "$port"; then echo "$port"; return; fi
    done
    die "every port from $default_port to $last_port on 127.0.0.1 is taken: name another one"
}

# Debian's package, unpacked and not installed: installing it would start a service of its own.
unpack_package() {
    command -v apt-get >/dev/null || die "cannot pull $public_image, and this is no Debian or Ubuntu that has the package docker-registry"
    if ! (cd "$1" && apt-get download -qq docker-registry >log 2>&1); then
        tail -n 3 "$1/log" >&2
        die "cannot pull $public_image, and apt-get cannot download the package docker-registry: try apt-get update"
    fi
    dpkg-deb --extract "$1"/docker-registry_*.deb "$1/package"
}

collect_root() {
    local binary=$1/package/usr/bin/docker-registry library
    mkdir -p "$1/root/bin" "$1/root/etc" "$1/root/tmp"
    cp "$binary" "$1/root/bin/registry"
    { ldd "$binary" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "$1/root$(dirname "$library")"
        cp -L "$library" "$1/root$library"
    done
    cat >"$1/root/etc/registry.yml" <<'CONFIG'
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: /var/lib/registry}, delete: {enabled: true}}
http: {addr: ":5000"}
CONFIG
}

build_image() {
    local work
    work=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder's name is wanted as it is now
    trap "rm -rf '$work'" EXIT
    say "cannot pull $public_image; building one from Debian's docker-registry"
    unpack_package "$work"
    collect_root "$work"
    tar -C "$work/root" --owner=0 --group=0 -c . | docker import --change "LABEL $label" \
        --change 'ENTRYPOINT ["/bin/registry"]' --change 'CMD ["serve", "/etc/registry.yml"]' - "$local_image" >/dev/null
}

find_image() {
    image=$local_image
    if exists image "$local_image"; then return; fi
    if exists image "$public_image" || timeout "$pull_seconds" docker pull --quiet "$public_image" >/dev/null 2>&1; then
        image=$public_image
    else
        build_image
    fi
}

create() {
    local port image
    port=$(choose_port "$1")
    find_image
    exists volume "$name" || docker volume create --label "$label" "$name" >/dev/null
    if ! docker run --detach --name "$name" --label "$label" --restart unless-stopped --read-only --cap-drop ALL \
        --security-opt no-new-privileges --log-opt max-size=5m --log-opt max-file=2 --tmpfs /tmp \
        --env REGISTRY_STORAGE_DELETE_ENABLED=true --publish "127.0.0.1:$port:5000" --volume "$name:/var/lib/registry" "$image" >/dev/null; then
        docker rm --force "$name" >/dev/null 2>&1 || true
        die "its container does not start on port $port: see the lines above; another port may help"
    fi
}

start() {
    refuse_foreign
    if ! exists container "$name"; then
        create "$1"
    elif ! docker start "$name" >/dev/null; then
        die "its container does not start again: run '$0 stop', then '$0 start' to make a new one with the same contents"
    fi
    local where
    where=$(address)
    [[ -z $1 || $where == *":$1" ]] || die "it runs on $where already, not on port $1: run '$0 stop' first"
    await "$where"
    say "answers on $where"
    echo "$where"
}

stop() {
    refuse_foreign
    if ! exists container "$name"; then say "is not there"; return; fi
    docker rm --force "$name" >/dev/null
    say "stopped; what was pushed is kept in the volume $name"
}

remove() {
    stop
    if exists volume "$name"; then docker volume rm "$name" >/dev/null; fi
    if exists image "$local_image" && is_ours image "$local_image"; then docker image rm "$local_image" >/dev/null; fi
    say "removed"
}

status() {
    local where
    where=$(address)
    [[ -n $where ]] || die "does not run"
    (answers "$where") 2>/dev/null || die "its container runs, but $where does not answer"
    echo "$where"
}

verb=${1:-}
port=${2:-}
case $verb in -h | --help) usage; exit ;; esac
[[ -z $port || $port =~ ^[0-9]{1,5}$ ]] || die "port '$port': expected a number"
case $verb in
    start | stop | status | remove) ;;
    *) usage >&2; exit 2 ;;
esac
docker info >/dev/null 2>&1 || die "cannot talk to the Docker engine: start it, or join the group docker"
case $verb in start) start "$port" ;; *) "$verb" ;; esac
