#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes sure that a Docker engine answers on this machine and that `docker compose` is recent enough.
# Safe to run twice: what is there and good enough is left alone.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=say.sh
. "$root/scripts/lib/say.sh"
# shellcheck source-path=SCRIPTDIR source=privilege.sh
. "$root/scripts/lib/privilege.sh"

readonly compose_least=2.24.0
readonly engine_seconds=60
readonly logs="$root/var/log"
readonly plugin_home=/usr/local/lib/docker/cli-plugins

usage() {
  cat <<'TEXT'
Usage: scripts/lib/engine.sh [--help]
Installs Docker (docker.io) and iptables when no engine answers, starts the engine, and installs the Compose plugin
when `docker compose` is missing or older than 2.24. Needs .venv, which scripts/setup.sh makes.
TEXT
}

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

engine_is_forbidden() {
  local said
  said=$(docker version 2>&1 || true)
  [[ ${said,,} == *"permission denied"* ]]
}

# The client is a package of its own since Debian 13, and part of docker.io elsewhere.
install_engine() {
  local packages=(docker.io iptables)
  apt_install "$logs/apt-engine.log" "${packages[@]}"
  command -v docker >/dev/null || apt_install "$logs/apt-engine.log" docker-cli
}

# On a machine without systemd the engine gets a session of its own, so that it outlives this script and its terminal.
start_engine() {
  if [ -d /run/systemd/system ]; then
    say_quietly "$logs/systemctl.log" as_root systemctl enable --now docker
    return
  fi
  say_step "no systemd here: starting dockerd, log in /var/log/dockerd.log"
  # shellcheck disable=SC2016
  as_root setsid --fork sh -c 'exec dockerd >>/var/log/dockerd.log 2>&1 </dev/null' 9>&-
}

await_engine() {
  local deadline=$((SECONDS + engine_seconds))
  until engine_answers; do
    if engine_is_forbidden; then refuse_forbidden_engine; fi
    if [ "$SECONDS" -ge "$deadline" ]; then
      [ ! -r /var/log/dockerd.log ] || tail -n 10 /var/log/dockerd.log >&2
      say_stop "the Docker engine did not answer within $engine_seconds s" \
        "look at /var/log/dockerd.log or 'journalctl -u docker', then run this script again"
    fi
    sleep 0.2
  done
}

refuse_forbidden_engine() {
  say_stop "the Docker engine runs, but $(id -un) may not use it" \
    "run: sudo usermod -aG docker $(id -un)    then log in again (or use 'newgrp docker') and run this script again"
}

ensure_engine() {
  if ! engine_answers; then
    if command -v docker >/dev/null && engine_is_forbidden; then refuse_forbidden_engine; fi
    say_step "no Docker engine answers: making one"
    if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then install_engine; fi
    engine_answers || start_engine
    await_engine
  fi
  say_done "Docker engine $(docker version --format '{{.Server.Version}}')"
}

compose_version() { docker compose version --short 2>/dev/null | sed 's/^v//'; }

# version_at_least SEEN LEAST
version_at_least() { [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# The plugin goes where every user and every DOCKER_CONFIG finds it.
ensure_compose() {
  local seen
  seen=$(compose_version || true)
  if ! version_at_least "$seen" "$compose_least"; then
    say_step "docker compose is ${seen:-missing}, at least $compose_least is needed: installing the plugin"
    say_quietly "$logs/pip-engine.log" "$root/.venv/bin/python" -m pip install --quiet \
      --require-hashes --requirement "$root/roles/host/files/compose-requirements.txt"
    as_root install -D -m 0755 "$root/.venv/bin/docker-compose" "$plugin_home/docker-compose"
    seen=$(compose_version || true)
    version_at_least "$seen" "$compose_least" ||
      say_stop "docker compose is ${seen:-missing} although $plugin_home/docker-compose was installed" \
        "an older plugin hides it: remove ~/.docker/cli-plugins/docker-compose and run this script again"
  fi
  say_done "Docker Compose $seen"
}

case "${1:-}" in
  -h | --help)
    usage
    exit 0
    ;;
  "") ;;
  *) say_stop "unknown argument: $1" "see scripts/lib/engine.sh --help" ;;
esac
[ -x "$root/.venv/bin/python" ] || say_stop "$root/.venv is missing" "run scripts/setup.sh first"
ensure_engine
ensure_compose
