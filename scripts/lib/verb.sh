#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the playbook of a verb, for scripts/VERB.sh: verb.sh VERB [ARGUMENT...]
scripts=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 10
python=$scripts/../.venv/bin/python
if [ ! -x "$python" ]; then
  echo "Python environment: expected .venv, seen none. Run scripts/setup.sh."
  echo "verdict: refused (not set up) · 1 finding · nothing was touched"
  exit 10
fi
exec "$python" "$scripts/run_playbook.py" "$@"
