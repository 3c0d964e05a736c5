#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sets this checkout up on a Debian or Ubuntu machine. Safe to run twice: what is there and right is left alone.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib/say.sh
. "$root/scripts/lib/say.sh"
# shellcheck source-path=SCRIPTDIR source=lib/privilege.sh
. "$root/scripts/lib/privilege.sh"

readonly venv="$root/.venv"
readonly logs="$root/var/log"
readonly lock_seconds=900

usage() {
  cat <<'TEXT'
Usage: scripts/setup.sh [--with engine,test] [--help]

With nothing: what a controller needs to deploy (Python environment in .venv, the collection's link in .collections).
  --with engine   also a Docker engine and the Compose plugin on this machine
  --with test     also what the tests and gates need (includes engine)

SLIPWAY_PYTHON=/path/to/python chooses the Python (3.11 or newer) that .venv is made from.
TEXT
}

python_is_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Prints the Python to use: the one that was asked for, else the first that is new enough.
find_python() {
  local candidate
  if [ -n "${SLIPWAY_PYTHON:-}" ]; then
    python_is_enough "$SLIPWAY_PYTHON" ||
      say_stop "SLIPWAY_PYTHON=$SLIPWAY_PYTHON: Python 3.11 or newer was expected, seen: $("$SLIPWAY_PYTHON" --version 2>&1 || true)" \
        "set it to a newer Python, or unset it"
    printf '%s\n' "$SLIPWAY_PYTHON"
    return
  fi
  for candidate in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if python_is_enough "$candidate"; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  say_stop "no Python 3.11 or newer was found (python3 is: $(python3 --version 2>&1 || true))" \
    "install one ('apt-get install python3' on Debian 12 or Ubuntu 24.04 and newer), or set SLIPWAY_PYTHON=/path/to/python"
}

venv_is_usable() { [ -x "$venv/bin/python" ] && python_is_enough "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }

# A Python of Debian's comes without venv: python3-venv brings it.
ensure_venv() {
  local python asked
  if venv_is_usable; then
    asked=${SLIPWAY_PYTHON:-$venv/bin/python}
    if [ "$(minor_version "$asked")" = "$(minor_version "$venv/bin/python")" ]; then return; fi
  fi
  command -v python3 >/dev/null || apt_install "$logs/apt-python.log" python3 python3-venv
  python=$(find_python)
  say_step "making .venv with $("$python" --version)"
  "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install "$logs/apt-python.log" python3-venv
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    say_stop "$python has no working venv module" "install it (package python3-venv, or python3.X-venv for another Python) and run this script again"
  say_quietly "$logs/venv.log" "$python" -m venv --clear "$venv"
}

minor_version() { "$1" -c 'import sys; print(*sys.version_info[:2], sep=".")' 2>/dev/null || true; }

# ensure_requirements GROUP FILE...: install what the files pin, by their hashes, unless exactly these were installed already.
ensure_requirements() {
  local group=$1 stamp="$venv/.installed-$1" wanted
  shift
  wanted=$(cat "$@" | sha256sum | cut -d ' ' -f 1)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    say_done "Python packages ($group)"
    return
  fi
  say_step "installing Python packages ($group)"
  say_quietly "$logs/pip-$group.log" "$venv/bin/python" -m pip install --disable-pip-version-check --require-hashes "${@/#/--requirement=}"
  printf '%s\n' "$wanted" >"$stamp"
  say_done "Python packages ($group)"
}

# Makes the name slipway.compose resolve to this checkout.
ensure_collection_link() {
  local link="$root/.collections/ansible_collections/slipway/compose"
  mkdir -p "$(dirname "$link")"
  [ -L "$link" ] || [ ! -e "$link" ] || say_stop "$link is in the way: a symbolic link was expected" "move it aside and run this script again"
  [ "$(readlink "$link" || true)" = ../../.. ] || ln -sfn ../../.. "$link"
  say_done "collection slipway.compose resolves to this checkout"
}

ensure_test_packages() {
  local packages=(debootstrap openssh-client ca-certificates busybox-static debian-archive-keyring libfaketime)
  apt_install "$logs/apt-test.log" "${packages[@]}"
  say_done "system packages for the tests"
}

# Two set-ups at once would spoil each other's environment: the second one waits for the first.
take_setup_lock() {
  mkdir -p "$root/.cache"
  exec 9>"$root/.cache/setup.lock"
  flock -n 9 && return
  say_step "another set-up of this checkout is running: waiting for it"
  flock -w "$lock_seconds" 9 || say_stop "another set-up held $root/.cache/setup.lock for $lock_seconds s" "look what it waits for, end it, and run this script again"
}

parse_arguments() {
  with_engine=false with_test=false
  local word
  while [ "$#" -gt 0 ]; do
    case "$1" in
      --with=*) set -- --with "${1#--with=}" "${@:2}" ;;
      --with)
        [ -n "${2:-}" ] || say_stop "--with needs a list: engine, test or engine,test" "see scripts/setup.sh --help"
        for word in ${2//,/ }; do
          case "$word" in
            engine) with_engine=true ;;
            test) with_engine=true with_test=true ;;
            *) say_stop "--with $word: expected engine or test" "see scripts/setup.sh --help" ;;
          esac
        done
        shift 2
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) say_stop "unknown argument: $1" "see scripts/setup.sh --help" ;;
    esac
  done
}

parse_arguments "$@"
take_setup_lock
ensure_venv
ensure_requirements deploy "$root/requirements/deploy.txt"
ensure_collection_link
command -v ssh >/dev/null || apt_install "$logs/apt-ssh.log" openssh-client
if "$with_engine"; then "$root/scripts/lib/engine.sh"; fi
if "$with_test"; then
  ensure_test_packages
  ensure_requirements test "$root/requirements/test.txt" "$root/roles/host/files/compose-requirements.txt"
fi
say_done "set up; activate the environment with: . .venv/bin/activate"
