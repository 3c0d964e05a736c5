# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a release among files of other users, with the code that puts them into place and with `rollback.sh`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.as_root import passes_as_root


@pytest.mark.parametrize("tests", ["placing_as_others.py", "rollback_script_as_others.py"])
def test_other_users_are_no_obstacle(tests: str) -> None:
    passes_as_root(Path(__file__).with_name(tests))
