# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody or something spoils what a host keeps."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.table import Fault, Phase, proves
from tests.support import observed
from tests.support.console import console
from tests.support.standing import PATIENT, Standing


@proves(
    Fault(
        "record-of-old-release-damaged",
        Phase.BEFORE,
        dies="release.json of a release that neither runs nor is gone back to",
        promised="Only to go to that release is refused (10). `status` tells what runs, and what is damaged. The "
        "deployment works, and prunes that release with its images.",
    ),
    Fault(
        "release-file-damaged",
        Phase.BEFORE,
        dies="a JSON file (gate, environment, image lock) in the folder of the release to go back to",
        promised="Refused (10): which file, what it had to be, and what to do. Nothing was touched.",
    ),
    Fault(
        "release-tampered-with",
        Phase.BEFORE,
        dies="a file in the folder of the release to go back to",
        promised="Refused (10): the checksum says which file. Nothing was touched.",
    ),
    Fault(
        "image-of-way-back-deleted",
        Phase.BEFORE,
        dies="an image of the release to go back to, deleted by hand",
        promised="Refused (10) with the command that brings it back. Nothing was touched.",
    ),
    Fault(
        "lease-unreadable",
        Phase.LEASE,
        dies="lease.json, which holds something else",
        promised="It counts as the lease of a run that nobody knows, and ends like any other.",
    ),
    Fault(
        "journal-cut-mid-line",
        Phase.BEFORE,
        dies="the end of the journal's last line, as a crash leaves it",
        promised="The line counts as not written, the others stay, and the next line begins anew. "
        "The deployment works.",
    ),
)
def test_what_was_spoiled_is_told_and_what_can_be_read_counts(solo: Standing) -> None:
    # Each next deployment no longer says what the one before it said.
    host = solo.hosts[0]
    old = an_old_release(solo)
    console(host, f"echo '{{' >{solo.folder}/releases/{old}/release.json")
    told = solo.project.status()
    assert f"runs release {observed.current_release(host, solo.stack)}" in told.output, told
    assert f"damaged: file {solo.folder}/releases/{old}/release.json" in told.output, told
    back = solo.project.rollback("--to", old)
    solo.untouched(back)
    assert f"file {solo.folder}/releases/{old}/release.json: expected a JSON object" in back.output, back
    with tampered(solo, "files/probe.conf"), tampered(solo, "gate.json"), tampered(solo, "images.lock.yaml"):
        said = refused(solo, "files/probe.conf, images.lock.yaml")
        assert "/gate.json: expected a JSON object with the gate's settings, seen no JSON" in said, said
    with deleted_image(solo) as image:
        said = refused(solo, f"docker pull {image}")
        assert "probe.conf" not in said, said
    console(solo.hosts[0], f"echo '{{\"run\": ' >{solo.folder}/lease.json", user="deploy")
    said = refused(solo, "unreadable")
    assert image not in said, said
    half, before = cut_journal(solo), len(solo.on(solo.hosts[0]).journal())
    solo.goes_on(*PATIENT)
    lines = observed.read(solo.hosts[0], f"{solo.folder}/journal.jsonl").splitlines()
    assert lines.count(half) == 1
    assert len(solo.on(solo.hosts[0]).journal()) == len(lines) - 1 > before


def an_old_release(solo: Standing) -> str:
    """Return a kept release that does not run; one is made if there is none."""
    host, stack = solo.hosts[0], solo.stack
    if len(observed.kept_releases(host, stack)) == 1:
        solo.goes_on()
    return min(set(observed.kept_releases(host, stack)) - {observed.current_release(host, stack)})


def refused(solo: Standing, reason: str) -> str:
    """Deploy, see that it is refused for a reason with nothing touched, and return what it said."""
    solo.offer()
    run = solo.deploy()
    solo.untouched(run)
    assert reason in run.output, run
    return run.output


@contextmanager
def tampered(solo: Standing, name: str) -> Iterator[None]:
    """Change a file of the release to go back to.

    Args:
        solo: the stack.
        name: the path in the release's folder.
    """
    path = f"{solo.folder}/current/{name}"
    console(solo.hosts[0], f"cp -p {path} {path}.kept && echo '# and something else' >>{path}")
    try:
        yield
    finally:
        console(solo.hosts[0], f"mv {path}.kept {path}")


@contextmanager
def deleted_image(solo: Standing) -> Iterator[str]:
    """Delete an image of the release to go back to, by hand."""
    host, registry = solo.hosts[0], solo.registry
    image = observed.services(host, solo.stack)["worker"].image
    host.docker("rmi", "--force", image)
    try:
        yield image
    finally:
        host.ssh(f"docker login -u {registry.user} --password-stdin {registry.address}", stdin=registry.password)
        host.docker("pull", image)


def cut_journal(solo: Standing) -> str:
    """Leave half a line at the journal's end, and return it."""
    entry = {"at": "2026-01-01T00:00:00Z", "run": "cut", "release": "20260101T000000Z-cut", "event": "starting"}
    half = json.dumps(entry)[:-12]
    console(solo.hosts[0], f"printf %s {shlex.quote(half)} >>{shlex.quote(f'{solo.folder}/journal.jsonl')}")
    return half
