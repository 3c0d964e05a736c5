#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Pins every Python package that is installed, with its hashes: requirements/NAME.in to requirements/NAME.txt, for every Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# A pin that still fits is kept; `scripts/lib/pin.sh --upgrade` takes the newest.
for name in deploy test bench; do
  uv pip compile --no-config --universal --python-version 3.11 --generate-hashes --quiet \
    --custom-compile-command scripts/lib/pin.sh "$@" "requirements/$name.in" --output-file "requirements/$name.txt"
done
