# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of the module `release`: what all of its states have in common (I/O)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..coordination.guard import Guard
from ..coordination.held_lease import StackLease
from ..coordination.lease import Lease
from ..core.host_clock import boot_time
from ..core.identifiers import check_names
from ..release.store import ReleaseStore
from . import guard_process

if TYPE_CHECKING:
    from ..engine.client import Engine
    from ..host.deployment import Deployment
    from ..host.host import Host
    from ..stack.hooks import HookReport

Result = dict[str, Any]


class ReleaseCall:
    """One call of the module.

    Attributes:
        params: the module's options.
        check_mode: whether nothing may be changed.
        release: the release that it is about; "" where it is about none, or a new one.
        store: the stack's folder.
        lease: the stack's lease, as this run sees it.
        guard: the stack's guard.
        reports: how the hooks ended that this call ran.
    """

    def __init__(self, params: Mapping[str, Any], *, check_mode: bool) -> None:
        """Read the options; nothing is done yet.

        Args:
            params: the module's options.
            check_mode: whether nothing may be changed.

        Raises:
            SlipwayError: a name is invalid.
        """
        check_names(params["stack"], params["release"], params["run"])
        self.params = params
        self.check_mode = check_mode
        self.release: str = "" if params["release"] in (None, "previous") else params["release"]
        self.store = ReleaseStore(params["root"], params["stack"], params["run"])
        host = params["host"] or ""
        self.lease = StackLease(self.store, params["guard_timeout"], params["owner"], params["run_url"], host)
        self.guard = Guard(self.store, guard_process.__name__, params["guard_timeout"], params["rollback_timeout"])
        self.reports: list[HookReport] = []

    def host(self, engine: Engine) -> Host:
        """Return this host as the call acts on it.

        Args:
            engine: its engine, which some states wait for and others never ask.
        """
        from ..host.host import Host

        return Host(self.store, engine, self.lease, self.guard)

    def deployment(
        self, release: str | None = None, patience_s: float = 0.0, engine: Engine | None = None
    ) -> Deployment:
        """Return a release as it is deployed on this host; what its hooks report becomes this call's reports.

        Args:
            release: the release, the call's own if None.
            patience_s: seconds to wait for an engine that does not answer.
            engine: the engine, if it is known already.

        Raises:
            SlipwayError: the engine does not answer.
        """
        from ..engine.client import wait_for_engine
        from ..host.deployment import Deployment

        found = Deployment(self.host(engine or wait_for_engine(patience_s)), release or self.release)
        self.reports = found.hooks.reports
        return found


def takeover(before: Lease | None) -> list[str]:
    """Say whose lease this run took over, and why it could."""
    if before is None:
        return []
    whose = f"run {before.run} of {before.owner or 'somebody'}"
    if before.left_s(boot_time()) > 0:
        return [f"{whose} began in the same moment, had started nothing, and stands back"]
    return [f"the lease of {whose} had ended"]
