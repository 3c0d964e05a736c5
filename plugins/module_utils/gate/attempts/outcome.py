# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an attempt ends, and what it has to work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...core.masking import Masker

if TYPE_CHECKING:
    from ...core.cancellation import Cancellation
    from ...engine.client import Engine


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended; not masked yet.

    Attributes:
        passed: whether everything was as it must be.
        seen: what the attempt met, in one line.
        output: what a command printed at the end.
        final: whether no later attempt can pass.
    """

    passed: bool
    seen: str
    output: bytes = b""
    final: bool = False


@dataclass(frozen=True)
class Surroundings:
    """Where an attempt happens.

    Attributes:
        engine: the engine; None if there is none.
        project: the Compose project.
        service: the service that the check names.
        cancellation: ends the attempt early.
        masker: for what an attempt cuts short, since half a secret is not recognised.
    """

    engine: Engine | None
    project: str
    service: str | None
    cancellation: Cancellation
    masker: Masker = field(default_factory=Masker)
