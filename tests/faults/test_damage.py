# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody or something spoils what a host keeps."""

from __future__ import annotations

import json
import shlex

from tests.faults.table import Phase, fault
from tests.support import observed
from tests.support.console import console
from tests.support.standing import PATIENT, Standing


@fault(
    "release-tampered-with",
    Phase.BEFORE,
    dies="a file in the folder of the release to go back to",
    promised="Refused (10): the checksum says which file. Nothing was touched.",
)
def test_a_release_that_was_tampered_with_is_no_way_back(solo: Standing) -> None:
    path = f"{solo.folder}/current/files/probe.conf"
    console(solo.hosts[0], f"cp -p {path} {path}.kept && echo '# and something else' >>{path}")
    solo.offer()
    run = solo.deploy()
    solo.untouched(run)
    assert "probe.conf" in run.output, run
    console(solo.hosts[0], f"mv {path}.kept {path}")
    solo.goes_on()


@fault(
    "image-of-way-back-deleted",
    Phase.BEFORE,
    dies="an image of the release to go back to, deleted by hand",
    promised="Refused (10) with the command that brings it back. Nothing was touched.",
)
def test_an_image_that_was_deleted_is_no_way_back(solo: Standing) -> None:
    host = solo.hosts[0]
    image = observed.services(host, solo.stack)["worker"].image
    host.docker("rmi", "--force", image)
    solo.offer()
    run = solo.deploy()
    solo.untouched(run)
    assert f"docker pull {image}" in run.output, run
    host.ssh(
        f"docker login -u {solo.registry.user} --password-stdin {solo.registry.address}", stdin=solo.registry.password
    )
    host.docker("pull", image)
    solo.goes_on()


@fault(
    "journal-cut-mid-line",
    Phase.BEFORE,
    dies="the end of the journal's last line, as a crash leaves it",
    promised="The line counts as not written, the others stay, and the next line begins anew. The deployment works.",
)
def test_a_journal_that_was_cut_goes_on(solo: Standing) -> None:
    path = shlex.quote(f"{solo.folder}/journal.jsonl")
    entry = {"at": "2026-01-01T00:00:00Z", "run": "cut", "release": "20260101T000000Z-cut", "event": "starting"}
    half = json.dumps(entry)[:-12]
    console(solo.hosts[0], f"printf %s {shlex.quote(half)} >>{path}")
    before = len(solo.on(solo.hosts[0]).journal())
    solo.goes_on()
    lines = observed.read(solo.hosts[0], f"{solo.folder}/journal.jsonl").splitlines()
    assert lines.count(half) == 1
    assert len(solo.on(solo.hosts[0]).journal()) == len(lines) - 1 > before


@fault(
    "lease-unreadable",
    Phase.LEASE,
    dies="lease.json, which holds something else",
    promised="It counts as the lease of a run that nobody knows, and ends like any other.",
)
def test_a_lease_that_cannot_be_read_ends_like_any_other(solo: Standing) -> None:
    solo.offer()
    console(solo.hosts[0], f"echo '{{\"run\": ' >{solo.folder}/lease.json", user="deploy")
    run = solo.deploy()
    solo.untouched(run)
    assert "unreadable" in run.output, run
    solo.goes_on(*PATIENT)
