"""A scenario that failed is told from where it failed."""

from __future__ import annotations

from tests.stages.molecule_stage import from_failure

FAILED = """\
PLAY [one]

TASK [goes well]
ok: [host1]

TASK [fails]
[ERROR]: why
fatal: [host1]: FAILED! => {}

TASK [clean up]
ok: [host1]"""


def test_what_went_well_before_is_left_out() -> None:
    told = from_failure(FAILED)
    assert told.startswith("TASK [fails]\n[ERROR]: why\nfatal:")
    assert told.endswith("ok: [host1]")


def test_all_is_told_where_no_task_failed() -> None:
    assert from_failure("ERROR no such scenario\n") == "ERROR no such scenario"
