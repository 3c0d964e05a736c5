# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state `pruned`: releases that nothing needs are removed (I/O)."""

from __future__ import annotations

from contextlib import nullcontext

from ...engine.client import Engine
from ...release.pruning import prune
from ..call import ReleaseCall, Result


def bring_about(call: ReleaseCall) -> Result:
    """Remove releases and images that nothing needs."""
    engine = Engine()
    with call.lease.locked() if call.store.folder.is_dir() and not call.check_mode else nullcontext():
        call.lease.assert_not_taken()
        pruned = prune(call.store, engine, call.params["keep_releases"], check_mode=call.check_mode)
    summary = [f"pruned {', '.join(pruned)}" if pruned else "nothing to prune"]
    return {"changed": bool(pruned), "pruned": pruned, "summary": summary}
