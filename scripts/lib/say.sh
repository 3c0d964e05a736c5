# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How the scripts talk: one line when a step begins, one when it ends, one clear line when it cannot go on. To be sourced.

say_step() { printf '==> %s\n' "$*"; }
say_done() { printf '    ok: %s\n' "$*"; }

# say_stop EXPECTED-AND-SEEN REMEDY: print what is wrong and what to do next, then leave.
say_stop() {
  printf 'error: %s\n' "$1" >&2
  shift
  local remedy
  for remedy in "$@"; do printf '       %s\n' "$remedy" >&2; done
  exit 1
}

# say_quietly LOG COMMAND...: run the command with its output in LOG; show the end of LOG only when it fails.
say_quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    say_stop "this command failed: $*" "its last lines are above, everything is in $log"
  fi
}
