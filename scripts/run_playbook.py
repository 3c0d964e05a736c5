# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one of the project's playbooks for a user: checks what was asked, shows it live, ends with the verdict."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / ".collections")]

from scripts.playbook_run.early_signals import end, take_signals  # noqa: E402
from scripts.playbook_run.private_arguments import take_arguments  # noqa: E402

ARGUMENTS: list[str] = []
if __name__ == "__main__":  # before anything slow is loaded
    take_signals(end)
    ARGUMENTS = take_arguments(sys.argv[1:])  # this may start the program over

from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding, SlipwayError  # noqa: E402
from ansible_collections.slipway.compose.plugins.module_utils.core.identifiers import new_run_id, run_began  # noqa: E402
from ansible_collections.slipway.compose.plugins.plugin_utils.fleet.outcomes import EXIT_CODES  # noqa: E402
from ansible_collections.slipway.compose.plugins.plugin_utils.progress_line import ProgressLine  # noqa: E402
from ansible_collections.slipway.compose.plugins.plugin_utils.rollout_text import elapsed  # noqa: E402
from scripts.playbook_run.arguments import ABOUT, Request, parse_request  # noqa: E402
from scripts.playbook_run.controlled_run import ControlledRun  # noqa: E402
from scripts.playbook_run.interruption import Insisted  # noqa: E402
from scripts.playbook_run.live_output import LiveOutput  # noqa: E402
from scripts.playbook_run.run_folder import create_run_folder  # noqa: E402
from scripts.playbook_run.session import Project  # noqa: E402


def main() -> int:
    """Run what the command line asks for and return the verdict's exit code."""
    os.umask(0o077)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    verb, *argv = ARGUMENTS or [""]
    project = Project(ROOT)
    if verb not in ABOUT:
        return _refuse(
            [Finding("verb", f"one of {', '.join(ABOUT)}", repr(verb), "Use scripts/deploy.sh and its like.")]
        )
    try:
        request = parse_request(verb, argv, project.inventories)
        folder = create_run_folder(project.runs, new_run_id(verb, datetime.now(UTC)))
    except SlipwayError as error:
        return _refuse(error.findings)
    return _carry_out(project, request, folder)


def _refuse(findings: list[Finding] | tuple[Finding, ...]) -> int:
    for finding in findings:
        print(finding.sentence())
    number = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
    print(f"verdict: refused (bad input) · {number} · nothing was touched", flush=True)
    return EXIT_CODES["refused"]


def _carry_out(project: Project, request: Request, folder: Path) -> int:
    began = run_began(folder.name) or datetime.now(UTC)

    def clock() -> str:
        return elapsed((datetime.now(UTC) - began).total_seconds())

    stamp = None if sys.stdout.isatty() else clock
    output = LiveOutput(lambda: ProgressLine(sys.stdout.fileno(), stamp=stamp), clock)
    where = str(folder.relative_to(project.root))
    what = " ".join(part for part in (request.verb, request.version or request.release) if part)
    output.say(f"{what} · {request.environment} · {where} · began {began:%H:%M:%S} UTC")
    run = ControlledRun(project, request, folder, output)
    try:
        verdict = run.to_its_end()
    except Insisted:
        verdict = run.at_once()
        output.tell("asked again: not waiting any longer")
    output.say(verdict.last_line(where))
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main())
