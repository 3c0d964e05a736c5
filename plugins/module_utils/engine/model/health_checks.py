# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the engine looks at a container's health for the first time, by its health check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: What the engine takes for what a health check leaves out, in seconds.
DEFAULT_INTERVAL_S = 30.0
DEFAULT_START_INTERVAL_S = 5.0
#: The API of the first engine that looks more often while a container starts (Docker Engine 25).
START_INTERVAL_API = (1, 44)

_NANOSECONDS = 1_000_000_000
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|ns)")
_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class HealthCheck:
    """What a Compose file or an image says of a health check; times are in seconds, 0 where it says nothing.

    Attributes:
        test: the command, "NONE" alone if there is to be no check, nothing if it does not say.
        interval_s: between two probes.
        start_period_s: for how long failed probes do not count.
        start_interval_s: between two probes within the start period.
    """

    test: tuple[str, ...] = ()
    interval_s: float = 0.0
    start_period_s: float = 0.0
    start_interval_s: float = 0.0

    @property
    def is_given(self) -> bool:
        """Tell whether it has a command of its own."""
        return bool(self.test) and not self.is_off

    @property
    def is_off(self) -> bool:
        """Tell whether it says that nobody is to look."""
        return self.test[:1] == ("NONE",)

    def over(self, image: HealthCheck) -> HealthCheck:
        """Return what the engine makes of this one and the image's: a check with a test of its own counts as it is."""
        if self.test:
            return self
        return HealthCheck(
            image.test,
            self.interval_s or image.interval_s,
            self.start_period_s or image.start_period_s,
            self.start_interval_s or image.start_interval_s,
        )

    def first_probe(self, api: tuple[int, ...]) -> tuple[float, str]:
        """Return how many seconds after its start a container is looked at first, and what says so.

        Args:
            api: version of the engine's API.
        """
        if self.start_period_s and api >= START_INTERVAL_API:
            said = self.start_interval_s
            return said or DEFAULT_START_INTERVAL_S, "start_interval" if said else "start_interval, by default"
        said_by = "interval" if self.interval_s else "interval, by default"
        if self.start_interval_s and api < START_INTERVAL_API:
            said_by += "; an engine before 25 knows no start_interval"
        return self.interval_s or DEFAULT_INTERVAL_S, said_by


#: What a project says that leaves a health check to the image.
NO_WORD = HealthCheck()


def compose_health_check(service: Mapping[str, Any]) -> HealthCheck:
    """Return the health check that a service of a resolved project gives its containers."""
    raw: Mapping[str, Any] = service.get("healthcheck") or {}
    if raw.get("disable"):
        return HealthCheck(("NONE",))
    test = raw.get("test") or ()
    return HealthCheck(
        (test,) if isinstance(test, str) else tuple(map(str, test)),
        seconds(raw.get("interval")),
        seconds(raw.get("start_period")),
        seconds(raw.get("start_interval")),
    )


def image_health_check(image: Mapping[str, Any] | None) -> HealthCheck:
    """Return the health check in an image's `docker inspect` document."""
    raw: Mapping[str, Any] = ((image or {}).get("Config") or {}).get("Healthcheck") or {}
    times = [int(raw.get(name) or 0) / _NANOSECONDS for name in ("Interval", "StartPeriod", "StartInterval")]
    return HealthCheck(tuple(raw.get("Test") or ()), *times)


def seconds(duration: object) -> float:
    """Return the seconds of a duration as Compose prints it ("1m30s"), 0 for none and for what is none."""
    text = str(duration or "")
    if _PART.sub("", text):
        return 0.0
    return sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(text))
