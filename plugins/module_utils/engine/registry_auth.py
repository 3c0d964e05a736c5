# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry asks for before it hands images out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RegistryAuth:
    """Credentials for one registry. They travel in a header to the engine and are never written to the host's disk."""

    registry: str
    username: str
    password: str
