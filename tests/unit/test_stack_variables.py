"""What the role hands to its action plugins is all that a release is read from."""

from __future__ import annotations

from pathlib import Path

import yaml

ROLE = Path(__file__).resolve().parents[2] / "roles" / "stack"
#: These name the run or the goal of a rollback, and say nothing of the release.
OF_THE_RUN = {"stack_release", "stack_run_id", "stack_runs_dir"}


def test_every_documented_variable_reaches_the_action_plugins() -> None:
    """One that is left out silently has its default there, whatever the inventory says."""
    options = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["plan"]["options"]
    handed = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())["__stack_variables"]
    assert set(handed) == set(options) - OF_THE_RUN
