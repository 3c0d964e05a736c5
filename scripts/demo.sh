#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Shows Slipway on this machine: a stack goes from 1.0 to 1.1, meets a broken 1.2, and comes back by itself.
set -euo pipefail
exec </dev/null
# Where debootstrap is; Debian leaves these out of a user's PATH.
export PATH=$PATH:/usr/sbin:/sbin

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib/say.sh
. "$root/scripts/lib/say.sh"
# shellcheck source-path=SCRIPTDIR source=lib/privilege.sh
. "$root/scripts/lib/privilege.sh"

readonly base_image=debian:trixie-slim
readonly pull_seconds=20

usage() {
  cat <<'TEXT'
Usage: scripts/demo.sh [--port PORT] [--clean] [--help]

Deploys examples/guestbook to this machine's own engine: 1.0, then 1.1, then a 1.2 that is broken on purpose. Shows that
it comes back to 1.1 by itself, and checks that it did. Takes one to three minutes, more where Docker has to be installed
and the images have to be built. Safe to run again.

  --port PORT   where the guestbook is to answer on 127.0.0.1 (default: GUESTBOOK_PORT, else 8080 or the next free port)
  --clean       remove what the demo made: its stack with the entries, its releases, its registry, the images it built

It needs Debian 12 or 13 or Ubuntu with Python 3.11, and root (or sudo) only for what is not installed yet: Docker, the
Compose plugin, debootstrap. The exit status is 0 only if everything that it claims at the end was seen.
TEXT
}

parse_arguments() {
  port=${GUESTBOOK_PORT:-} clean=false
  while [ "$#" -gt 0 ]; do
    case "$1" in
      -h | --help)
        usage
        exit 0
        ;;
      --clean) clean=true ;;
      --port=*) port=${1#--port=} ;;
      --port)
        port=${2:-}
        [ -n "$port" ] || say_stop "--port: expected a number, seen nothing" "for example: scripts/demo.sh --port 8081"
        shift
        ;;
      *) say_stop "unknown argument: $1" "see scripts/demo.sh --help" ;;
    esac
    shift
  done
  [ -z "$port" ] || { [[ $port =~ ^[1-9][0-9]{0,4}$ ]] && [ "$port" -le 65535 ]; } ||
    say_stop "port '$port': expected a number from 1 to 65535" "for example: scripts/demo.sh --port 8081"
}

# The example's images stand on Debian: from a public registry where one answers, else made by debootstrap.
ensure_image_base() {
  if docker image inspect "$base_image" >/dev/null 2>&1 || command -v debootstrap >/dev/null; then return; fi
  [ -z "$(docker image ls --quiet guestbook-base)" ] || return 0
  say_step "fetching $base_image"
  timeout "$pull_seconds" docker pull --quiet "$base_image" >/dev/null 2>&1 && return
  apt_install "$root/var/log/apt-demo.log" debootstrap debian-archive-keyring
}

parse_arguments "$@"
if "$clean"; then
  python=$root/.venv/bin/python
  [ -x "$python" ] || python=python3
  exec "$python" "$root/scripts/run_demo.py" clean
fi

cat <<'TEXT'
Slipway demo: a stack goes from 1.0 to 1.1, meets a 1.2 that is broken on purpose, and comes back by itself.
One to three minutes; more where Docker has to be installed. Remove everything with: scripts/demo.sh --clean

[1/6] Set up this machine
$ scripts/setup.sh --with engine
TEXT
"$root/scripts/setup.sh" --with engine
# What the images stand on is the demo's to remove only if it was not here before.
if docker image inspect "$base_image" >/dev/null 2>&1; then export DEMO_FOUND_BASE=yes; fi
ensure_image_base
export DEMO_SECONDS=$SECONDS
exec "$root/.venv/bin/python" "$root/scripts/run_demo.py" show "$port"
