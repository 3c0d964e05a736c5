# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one of the project's playbooks for a user: checks what was asked, shows it live, ends with the verdict."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / ".collections")]

from scripts.playbook_run.private_arguments import take_arguments  # noqa: E402

# Before anything slow is loaded: this may start the program over.
ARGUMENTS = take_arguments(sys.argv[1:]) if __name__ == "__main__" else []

from ansible_collections.slipway.compose.plugins.module_utils.errors import Finding, SlipwayError  # noqa: E402
from ansible_collections.slipway.compose.plugins.plugin_utils.progress_line import ProgressLine  # noqa: E402
from scripts.playbook_run.arguments import ABOUT, Request, parse_request  # noqa: E402
from scripts.playbook_run.live_output import LiveOutput  # noqa: E402
from scripts.playbook_run.run_folder import (  # noqa: E402
    EXIT_CODES,
    Ending,
    Verdict,
    conclude,
    create_run_folder,
    new_run_id,
    read_verdict,
    write_verdict,
)
from scripts.playbook_run.session import Project, run_playbook  # noqa: E402


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
    print(f"verdict: refused · {number} · nothing was touched", flush=True)
    return EXIT_CODES["refused"]


def _carry_out(project: Project, request: Request, folder: Path) -> int:
    output = LiveOutput(ProgressLine(sys.stdout.fileno()) if sys.stdout.isatty() else None)
    where = str(folder.relative_to(project.root))
    what = " ".join(part for part in (request.verb, request.version or request.release) if part)
    output.say(f"{what} · {request.environment} · {where}")
    try:
        ending = run_playbook(project, request, folder, output)
    except Exception as error:  # noqa: BLE001  # no traceback reaches a user
        output.say(f"ansible-runner could not go on: {type(error).__name__}: {error}")
        ending = Ending(exit_status=255, targets_touched=output.targets_touched)
    verdict, own = _verdict(request, folder / "verdict.json", ending)
    if own:
        output.say(verdict.message)
    output.say(verdict.line(where))
    return verdict.exit_code


def _verdict(request: Request, path: Path, ending: Ending) -> tuple[Verdict, bool]:
    """Take the playbook's verdict; where there is none, find one that is true, keep it, and tell that it is our own."""
    try:
        return read_verdict(path.read_text(encoding="utf-8")), False
    except FileNotFoundError:
        verdict = conclude(request.verb, request.environment, ending, check=request.check)
        with suppress(OSError):  # the last line and the exit code say the same where the disk is full
            write_verdict(path, verdict)
    except (OSError, ValueError) as error:
        message = f"{path.name} cannot be read: {error}. Run scripts/status.sh {request.environment} to see what runs."
        verdict = Verdict("unknown", message, duration_s=ending.duration_s)
    return verdict, True


if __name__ == "__main__":
    sys.exit(main())
