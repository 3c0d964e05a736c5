#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the tests and gates, setting up what they need. The last line of output counts them all.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<'TEXT'
Usage: scripts/test.sh [STAGE...]
       scripts/test.sh changed [--since REV]

Without a stage it runs these, in this order:
  lint         the gates: linters, types, documentation, sanity tests, workflows
  unit         tests of the code alone
  engine       tests against this machine's Docker engine
  integration  tests against real hosts over SSH (nested engines that tests/fleet starts)
  faults       controller, hosts, engines, network, disks and registry that die in the middle (docs/reliability.md)
  field        stacks as people have them (tests/field); `pytest tests/field --all-trials` runs all of them
  molecule     the scenarios in molecule/

`changed` runs in minutes what a change can break: the unit and engine tests that import what differs from REV
(where the branch left main), tests with hosts that changed themselves, and the fast gates. It says what it left out.

KEEP_FLEET=1 leaves the hosts of integration, faults, field and molecule running for the next run.
The exit status is 0 only if every stage passed; all of them run in any case.
TEXT
}

case "${1:-}" in
  -h | --help)
    usage
    exit 0
    ;;
  *) ;;
esac

cd "${root}"
echo "==> setup"
if ! scripts/setup.sh --with test </dev/null; then
  echo "error: scripts/setup.sh failed; what it said is above" >&2
  echo "0 passed, 1 failed"
  exit 1
fi
exec .venv/bin/python -m tests.stages "$@" </dev/null
