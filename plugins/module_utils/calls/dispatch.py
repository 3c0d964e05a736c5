# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which code brings a release into which state (I/O).

A host compiles the code of a call anew each time, so a call imports only what it needs: here the file of its state, and
elsewhere, within functions, what few calls come to: hooks, the gate, recovery, the way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..core.answer import known
from ..core.findings import SlipwayError
from ..gate.report import DownError, StartFailedError
from ..hooks.release_hooks import with_hooks
from ..stack.hooks import HookStoppedError
from .call import ReleaseCall, Result
from .result import down, start_failed, stopped

if TYPE_CHECKING:
    # A row for each state. Ansible packs what it finds imported somewhere in a file, executed or not.
    from .states import (  # noqa: F401 - as said
        abandoned,
        checked,
        confirmed,
        prepared,
        pruned,
        recovered,
        renewed,
        resolved,
        rolled_back,
        started,
    )

#: In the order of a deployment; each is a file of the folder `states`.
STATES = (
    "checked", "resolved", "prepared", "started", "confirmed", "rolled_back", "renewed", "abandoned", "recovered",
    "pruned",
)  # fmt: skip


def _current(call: ReleaseCall) -> Result:
    """Return which release is confirmed on this host, nothing if that cannot be read."""
    with suppress(SlipwayError, OSError):
        return {"current": call.store.current()}
    return {}


def bring_about(params: Mapping[str, Any], *, check_mode: bool) -> Result:
    """Bring the release into the state that was asked for, and return the module's result.

    Args:
        params: the module's options.
        check_mode: whether nothing may be changed.

    Raises:
        SlipwayError: it cannot be done, or must not be.
    """
    call = ReleaseCall(params, check_mode=check_mode)
    try:
        result: Result = import_module(f"{__package__}.states.{params['state']}").bring_about(call)
    except StartFailedError as error:
        result = start_failed(call.release or None, error)
    except HookStoppedError as error:
        result = stopped(call.release or None, error)
    except DownError as error:
        result = down(call.release or None, error)
    except Exception as error:
        found = known(error)
        if found is None:
            raise
        # Whoever reads the refusal wants to know what runs meanwhile.
        found.told.update(_current(call))
        raise found from None
    return with_hooks(result, call.reports)
