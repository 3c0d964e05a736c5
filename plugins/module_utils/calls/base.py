# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all states of the module `release` have in common (I/O)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ..coordination.guard import Guard
from ..coordination.held_lease import StackLease
from ..coordination.lease import Lease
from ..core.clock import boot_time
from ..core.identifiers import check_names
from ..gate.report import DownError, StartFailedError
from ..hooks.release_hooks import with_hooks
from ..release.store import ReleaseStore
from ..stack.hooks import HookReport, HookStoppedError
from . import guard_process
from .result import down, start_failed, stopped

Result = dict[str, Any]


class ReleaseCall:
    """One call of the module; a method `_STATE` does the work of each state."""

    def __init__(self, params: Mapping[str, Any], *, check_mode: bool) -> None:
        """Read the options; nothing is done yet.

        Args:
            params: the module's options.
            check_mode: whether nothing may be changed.

        Raises:
            SlipwayError: a name in them is none.
        """
        check_names(params["stack"], params["release"], params["run"])
        self._params = params
        self._check_mode = check_mode
        self._release: str = params["release"]
        self._store = ReleaseStore(params["root"], params["stack"], params["run"])
        self._lease = StackLease(self._store, params["guard_timeout"], params["owner"], params["run_url"])
        self._reports: list[HookReport] = []
        self._guard = Guard(self._store, guard_process.__name__, params["guard_timeout"], params["rollback_timeout"])

    def result(self) -> Result:
        """Bring the release into the state that was asked for, and return the module's result.

        Raises:
            SlipwayError: it cannot be done, or must not be.
        """
        work: Callable[[], Result] = getattr(self, f"_{self._params['state']}")
        try:
            return with_hooks(work(), self._reports)
        except StartFailedError as error:
            return with_hooks(start_failed(self._release, error), self._reports)
        except HookStoppedError as error:
            return with_hooks(stopped(self._release, error), self._reports)
        except DownError as error:
            return with_hooks(down(self._release, error), self._reports)


def takeover(before: Lease | None) -> list[str]:
    """Say whose lease this run took over, and why it could."""
    if before is None:
        return []
    whose = f"run {before.run} of {before.owner or 'somebody'}"
    if before.left_s(boot_time()) > 0:
        return [f"{whose} began in the same moment, had started nothing, and stands back"]
    return [f"the lease of {whose} had ended"]
