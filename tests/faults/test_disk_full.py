# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk of the host runs full."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults import moments
from tests.faults.table import Fault, Phase, fault, proves
from tests.support.console import console
from tests.support.host_faults import small_engine_disk
from tests.support.standing import PATIENT, Standing

MEGABYTE = 2**20
#: Less is refused before anything is begun.
LEAST_MB = 1
FILLER = "filler"


@contextmanager
def small_disk(standing: Standing, megabytes: int) -> Iterator[None]:
    """Put the stack's folder on a disk of this size, with what is in it."""
    host, folder = standing.hosts[0], shlex.quote(standing.folder)
    mount = f"mount -t tmpfs -o size={megabytes}m,uid=1000,gid=1000,mode=700 none {folder}"
    console(host, f"mv {folder} {folder}.away && mkdir {folder} && {mount} && cp -a {folder}.away/. {folder}")
    standing.configure(stack_min_free_mb=LEAST_MB)
    try:
        yield
    finally:
        console(host, f"rm -f {folder}/{FILLER} && rm -rf {folder}.away && cp -a {folder} {folder}.away")
        console(host, f"umount --lazy {folder} && rmdir {folder} && mv {folder}.away {folder}")


@contextmanager
def empty_engine_disk(standing: Standing, megabytes: int) -> Iterator[None]:
    """Give the engine an empty disk of this size, and the stack its first day; in the end all is as it was."""
    host, folder, stood = standing.hosts[0], shlex.quote(standing.folder), standing.version
    with small_engine_disk(host, megabytes):
        console(host, f"mv {folder} {folder}.away")
        try:
            yield
        finally:
            # The engine starts what stood as soon as it has its own disk, and with the files that lie there then.
            console(host, f"rm -rf {folder} && mv {folder}.away {folder}")
            standing.version = stood


def fill(standing: Standing, *, leave_kb: int) -> None:
    """Fill the disk of the stack's folder, but for this much."""
    # To the last byte, whoever writes there meanwhile; then what is to be left is given back.
    full = f"dd if=/dev/zero of={FILLER} bs=4K 2>&1 | grep -q 'No space left'"
    console(standing.hosts[0], f"cd {shlex.quote(standing.folder)} && {full} && truncate -s -{leave_kb}K {FILLER}")


def free(standing: Standing) -> None:
    """Make room again."""
    console(standing.hosts[0], f"rm -f {standing.folder}/{FILLER}")


@proves(
    Fault(
        "disk-full-while-staging",
        Phase.STAGE,
        dies="the disk of stack_root is full before the release's files are all there",
        promised="Refused (10), nothing was touched, staging is removed.",
    ),
    Fault(
        "disk-full-while-journalling",
        Phase.START,
        dies="the disk of stack_root is full when the start is to be noted",
        promised="The host goes back, or stays as it is until there is room; the journal stays true either way.",
    ),
)
def test_a_disk_that_fills_loses_no_release(solo: Standing) -> None:
    with small_disk(solo, 12):
        solo.offer(files={"large.txt": "x" * 4 * MEGABYTE})
        fill(solo, leave_kb=2 * 1024)
        run = solo.deploy()
        solo.untouched(run)
        assert "No space left" in run.output, run
        free(solo)
        solo.on(solo.hosts[0]).nothing_is_left_over()
        solo.offer()
        with moments.armed(solo) as held, solo.begin() as attempt:
            held.reach(attempt)
            fill(solo, leave_kb=0)
            held.let_go()
            run = attempt.end()
        assert run.exit_code in {20, 30, 40}, run
        free(solo)
        solo.goes_on(*PATIENT, stack_min_free_mb=LEAST_MB)


@fault(
    "disk-full-while-pulling",
    Phase.PULL,
    dies="the engine's disk is full before the images are all there",
    promised="Refused (10), naming the disk. Nothing was touched.",
)
def test_a_disk_that_fills_while_pulling_refuses(solo: Standing) -> None:
    with empty_engine_disk(solo, 48):
        solo.goes_on(stack_min_free_mb=LEAST_MB)
        solo.offer(payload=64 * MEGABYTE)
        solo.configure(stack_min_free_mb=LEAST_MB)
        run = solo.deploy()
        solo.untouched(run)
        assert "disk" in run.output, run
        solo.goes_on(stack_min_free_mb=LEAST_MB)
    solo.settles()
