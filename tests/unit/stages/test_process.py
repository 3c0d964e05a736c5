"""Programs that the test command starts end with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.stages.outcome import Outcome, StageResult
from tests.stages.process import run
from tests.support.waiting import await_that


def test_output_and_exit_code_come_back() -> None:
    completed = run([sys.executable, "-c", "import sys; print('said'); sys.exit(3)"], timeout=30)
    assert (completed.exit_code, completed.output) == (3, "said\n")


def test_standard_input_is_empty() -> None:
    assert run([sys.executable, "-c", "print(repr(input()))"], timeout=30).output.endswith("EOF when reading a line\n")


def test_overdue_program_ends_with_its_children(tmp_path: Path) -> None:
    noted = tmp_path / "child"
    parent = f"sleep 300 & echo $! >{noted}; wait"
    completed = run(["sh", "-c", parent], timeout=2)
    assert completed.exit_code != 0
    assert "should have been done by then" in completed.output
    state = Path(f"/proc/{noted.read_text(encoding='ascii').strip()}/stat")
    # A process that was killed runs until it is its turn to hear of it.
    await_that("the child has ended", lambda: not state.exists() or state.read_text().split()[2] == "Z", 10.0)


def test_interrupted_run_leaves_no_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    noted = tmp_path / "pid"

    def interrupt(*_arguments: object) -> int:
        while not noted.exists() or not noted.read_text(encoding="ascii").strip():
            os.sched_yield()
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.Popen.wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(["sh", "-c", f"echo $$ >{noted}; exec sleep 300"], timeout=30)
    assert not Path(f"/proc/{noted.read_text(encoding='ascii').strip()}").exists()


def test_stage_counts_its_parts_and_names_those_that_failed() -> None:
    stage = StageResult("unit", 60.0, [Outcome("tests/unit", 8, 2, 1.0), Outcome("more", 1, 0, 1.0)], 2.0)
    assert stage.line() == "unit         FAILED  9 passed, 2 failed in 2.0 s of 60 s: tests/unit"
