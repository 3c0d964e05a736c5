# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller asks of one host, as values."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any

from ..boundary.shapes import read_json
from ..core.findings import Finding, SlipwayError
from ..engine.image_reference import RegistryAuth
from .bundle import FileBundle
from .gate_settings import GateSettings
from .hooks import Hook
from .plan import Plan


@dataclass(frozen=True)
class Payload:
    """What only this host may see: files, environment, checks and credentials.

    It travels as one opaque string. Ansible can hide that as a whole (`no_log`), so that it neither logs a secret nor
    blacks out every occurrence of a short value such as a user name in later output.

    Attributes:
        bundle: files and environment for this host.
        gate: how the gate is to look at the release.
        auths: registry credentials that win over the host's own.
        hooks: the hooks that run on the target.
    """

    bundle: FileBundle
    gate: GateSettings
    auths: tuple[RegistryAuth, ...]
    hooks: tuple[Hook, ...] = ()

    def pack(self) -> str:
        """Return the payload as one ASCII string."""
        document = {
            "bundle": self.bundle.as_dict(),
            "gate": self.gate.as_dict(),
            "auths": [asdict(auth) for auth in self.auths],
            "hooks": [hook.as_dict() for hook in self.hooks],
        }
        return base64.b64encode(zlib.compress(json.dumps(document).encode(), 6)).decode()

    @classmethod
    def unpack(cls, text: str) -> Payload:
        """Return the payload that `pack` made.

        Raises:
            SlipwayError: the string is no payload.
        """
        try:
            document: Any = read_json(zlib.decompress(base64.b64decode(text, validate=True)))
            auths = tuple(RegistryAuth(**auth) for auth in document["auths"])
            hooks = tuple(Hook.from_dict(hook) for hook in document["hooks"])
            return cls(FileBundle.from_dict(document["bundle"]), GateSettings.from_dict(document["gate"]), auths, hooks)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError, zlib.error) as error:
            seen = f"{type(error).__name__}: {error}"
            finding = Finding("payload from the controller", "what it packed", seen, "Run the deployment again.")
            raise SlipwayError([finding]) from error


@dataclass(frozen=True)
class ReleaseRequest:
    """A release to be prepared.

    Attributes:
        plan: what was decided for the fleet.
        host: this host's name in the plan.
        payload: what is for this host alone.
    """

    plan: Plan
    host: str
    payload: Payload

    @property
    def bundle(self) -> FileBundle:
        """Return files and environment."""
        return self.payload.bundle

    @property
    def gate(self) -> GateSettings:
        """Return how the gate is to look."""
        return self.payload.gate
