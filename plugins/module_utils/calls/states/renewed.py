# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `renewed`: lease and guard last their whole time again (I/O)."""

from __future__ import annotations

from ..call import ReleaseCall, Result


def bring_about(call: ReleaseCall) -> Result:
    """Renew lease and guard."""
    if not call.check_mode:
        with call.lease.locked():
            call.lease.renew()
            call.guard.renew()
    # Of a fleet's many renewals nobody wants to read.
    return {"changed": False, "summary": []}
