#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
exec "$(dirname -- "$(readlink -f -- "$0")")/lib/verb.sh" rollback "$@"
