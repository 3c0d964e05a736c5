"""Rounds of deployments: in each, every contender takes its turn at every case, so that a slow minute hits them all."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import requests

from tests.bench.contenders import Contender

CASES = ("first", "changed", "unchanged")
#: The containers that a case finds beside it answer after this time at the latest.
ANSWER_SECONDS = 10.0


@dataclass
class Series:
    """The times of one contender at one case on one number of hosts."""

    hosts: int
    case: str
    contender: str
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Return the median, in seconds."""
        return statistics.median(self.seconds)


class Race:
    """Contenders on the same hosts."""

    def __init__(self, contenders: Sequence[Contender], cases: Sequence[str]) -> None:
        """Take the contenders; every case that is not asked for is left out."""
        self._contenders = list(contenders)
        self._cases = [case for case in CASES if case in cases]
        self._count = len(contenders[0].hosts)
        self._numbers = itertools.count(1)
        self._versions: dict[str, str] = {}
        self._series = {
            (case, contender.name): Series(self._count, case, contender.name)
            for case in self._cases
            for contender in contenders
        }

    def run(self, rounds: int) -> list[Series]:
        """Run the rounds and return the times; one round before them is not timed."""
        for contender in self._contenders:
            self._prepare("first", contender)
            self._deploy(contender)
        for turn in range(rounds):
            order = self._contenders[turn % len(self._contenders) :] + self._contenders[: turn % len(self._contenders)]
            for case, contender in itertools.product(self._cases, order):
                self._prepare(case, contender)
                seconds = self._deploy(contender)
                self._series[case, contender.name].seconds.append(seconds)
                print(
                    f"  {self._count} hosts, round {turn + 1}: {case:<9} {contender.name:<9} {seconds:6.2f} s",
                    flush=True,
                )
        return list(self._series.values())

    def _prepare(self, case: str, contender: Contender) -> None:
        """Bring the hosts into the state in which the case begins."""
        if case == "first":
            for host in contender.hosts:
                contender.stack.wipe(host)
        if case != "unchanged":
            version = f"{self._count}.{next(self._numbers)}.{time.time_ns() // 1_000_000_000}"
            contender.stack.push(contender.fleet, version)
            self._versions[contender.name] = version
            contender.prepare(version)
        contender.warm()

    def _deploy(self, contender: Contender) -> float:
        """Deploy, and see for oneself that every host serves what it was told to."""
        version = self._versions[contender.name]
        began = time.monotonic()
        contender.deploy(version)
        seconds = time.monotonic() - began
        for name, seen in _served(contender):
            if seen != version:
                raise RuntimeError(f"{contender.name}: {name} was expected to serve {version}, seen: {seen}")
        return seconds


def _served(contender: Contender) -> Iterator[tuple[str, str]]:
    """Return each host's name and the version that it serves."""
    for host in contender.hosts:
        with requests.Session() as session:
            session.trust_env = False
            yield host.name, session.get(host.url(contender.stack.port), timeout=ANSWER_SECONDS).text.strip()
