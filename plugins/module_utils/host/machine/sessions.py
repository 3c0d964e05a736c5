# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a guard can outlive the session that arms it, and a restart of the host (I/O)."""

from __future__ import annotations

from ...coordination.after_boot import means
from ...coordination.init_system import session_ends_processes, systemd_keeps_units, user_name
from ...core.findings import Finding

_NOBODY = (
    "after a restart of this host, a release that nobody has confirmed stays until the next run: "
    "user {user} has no systemd of its own (loginctl enable-linger {user}), and no cron runs here"
)


def session_findings() -> list[Finding]:
    """Find whether systemd would end the guard with the session of the run, before anybody could miss it."""
    if systemd_keeps_units() or not session_ends_processes():
        return []
    user = user_name()
    return [
        Finding(
            thing=f"sessions of user {user}",
            expected="processes that go on when a session ends, as a release's guard has to",
            seen="KillUserProcesses=yes in systemd-logind, and a user that does not linger",
            remedy=f"As root on this host: loginctl enable-linger {user}. playbooks/bootstrap.yml does that, too.",
        )
    ]


def restart_notes() -> list[str]:
    """Say that nothing takes a release back after a restart of the host, if nothing does."""
    return [] if means() else [_NOBODY.format(user=user_name())]
