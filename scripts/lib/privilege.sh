# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How the scripts do what only root may do. To be sourced after say.sh.

# as_root COMMAND...: run it as root; by sudo when the user is not root.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    say_stop "root is needed for: $*" "you are $(id -un) and there is no sudo: run it as root, then run this script again"
  fi
}

# apt_install LOG PACKAGE...: install what is missing and nothing else.
apt_install() {
  local log=$1 package missing=()
  shift
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    say_stop "these packages are missing and this machine has no apt-get: ${missing[*]}" "install their like with this system's own package manager, then run this script again"
  say_step "installing packages: ${missing[*]}"
  if ! apt_simulate "${missing[@]}"; then
    say_quietly "$log" as_root apt-get -o DPkg::Lock::Timeout=300 update
  fi
  say_quietly "$log" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
  say_done "packages installed"
}

# apt_simulate PACKAGE...: whether the package lists on this machine know how to install them.
apt_simulate() { apt-get install -s --no-install-recommends "$@" >/dev/null 2>&1; }
