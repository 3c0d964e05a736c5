# SPDX-License-Identifier: GPL-3.0-or-later
"""Something stands where a release's file belongs."""

from __future__ import annotations

from tests.faults.moments import armed
from tests.faults.table import Fault, Phase, proves
from tests.support import observed
from tests.support.console import console
from tests.support.standing import Standing

KEYS = "/home/deploy/.ssh/authorized_keys"
#: Done as root, as the engine and the containers are.
PLANTED = f"""
rm probe.conf && mkdir probe.conf && touch probe.conf/left
ln -sf {KEYS} conf/link.conf
rm conf/pipe.conf && mkfifo conf/pipe.conf
rm -r conf/sub && ln -s /home/deploy/.ssh conf/sub
chown 999:999 conf && chmod 700 conf
"""
FILES = ("conf/link.conf", "conf/pipe.conf", "conf/sub/authorized_keys")


@proves(
    Fault(
        "folder-in-a-files-place",
        Phase.START,
        dies="a file of the stack that is mounted: a folder of root's is in its place, as the engine makes it",
        promised="rolled_back (20): the file is in its place again, and what was in the folder is kept.",
    ),
    Fault(
        "planted-by-a-container",
        Phase.START,
        dies="nothing, but a container has put a FIFO, and links to the deploy user's keys, in the place of files that "
        "it mounts, and has made their folder its own",
        promised="rolled_back (20): the files are in their places again, and the keys are as they were. The next "
        "deployment works.",
    ),
)
def test_what_stands_in_the_way_keeps_no_host_from_going_back(solo: Standing) -> None:
    host, project = solo.hosts[0], f"{solo.folder}/project"
    offer(solo, 1)
    solo.deploy().expect(0, "deployed")
    solo.version = solo.offered
    keys = observed.read(host, KEYS)
    offer(solo, 2)
    with armed(solo) as moment, solo.begin() as attempt:
        moment.reach(attempt)
        console(host, f"cd {project} && set -e\n{PLANTED}")
        moment.let_go()
        run = attempt.end()
    run.expect(20, "rolled_back")
    solo.stands()
    for path in FILES:
        assert observed.read(host, f"{project}/{path}") == f"{path}, 1\n", path
    assert "Kept what stood in the way of probe.conf: displaced/" in run.output, run
    assert console(host, f"ls {solo.folder}/displaced/*/thing") == "left"
    solo.goes_on()
    assert console(host, f"find {project}/conf ! -type d") == ""
    assert observed.read(host, KEYS) == keys


def offer(solo: Standing, number: int) -> None:
    """Offer a release with files that a container can write, and that differ from one number to the next."""
    mounts = {"volumes": ["./probe.conf:/etc/probe.conf:ro", "./conf:/conf"]}
    solo.offer(files={path: f"{path}, {number}\n" for path in FILES}, web=mounts)
