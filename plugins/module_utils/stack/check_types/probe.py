# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every type of check has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Callable

from ..fields import Fields


@dataclass(frozen=True)
class Probe(ABC):
    """What one attempt of a check does, and what must be true then."""

    @property
    def asked_port(self) -> int | None:
        """The port that an attempt connects to; None if it connects to none."""
        return None

    @property
    def lasting(self) -> bool:
        """Whether it must still hold when everything else does; it is then attempted once more."""
        return False

    def needs_engine(self, service: str | None) -> bool:  # noqa: ARG002 - some types need it for a service only
        """Return whether an attempt looks into containers of the service that the check names."""
        return False

    @abstractmethod
    def expectation(self) -> str:
        """Say in one line what must be true."""


@dataclass(frozen=True)
class CheckType:
    """How checks of one type are declared.

    Attributes:
        keys: what they may have beside the keys that every check may have.
        parse: reads the probe; what is wrong becomes findings of the fields.
        service_required: whether they must name a service.
    """

    keys: Iterable[str]
    parse: Callable[[Fields], Probe]
    service_required: bool = False
