# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the command line, or reports everything that is wrong with it at once."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ansible_collections.slipway.compose.plugins.module_utils.boundary.shapes import read_json
from ansible_collections.slipway.compose.plugins.module_utils.core.findings import Finding, SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.core.identifiers import (
    RELEASE_ID,
    RUN_ID,
    SHA256,
    VERSION,
)
from scripts.playbook_run.extra_variables import parse_extra_variables

ABOUT = {
    "deploy": "Deploy a version of the stack to every target of an environment, or come back by itself.",
    "plan": "Show what a deployment would do: images, digests, files, hosts. Nothing is touched.",
    "rollback": "Go back to a release that the targets keep; without --to, to the one before.",
    "status": "Tell what runs on every target, and whether a run is still unfinished. Nothing is touched.",
    "recover": "Settle now what a run left that was cut off; with --run, end that run's lease first. Tell what runs.",
    "continue": "Let a rollout go on that is paused; without --run, tell which run is.",
    "unlock": "Tell which run holds the lease of every target; with --run, take it away from that run, and no other.",
}

NEEDS_VERSION = ("deploy", "plan")
#: What --run names.
RUN_OF = {
    "recover": "the run whose lease is to end, as scripts/unlock.sh names it",
    "unlock": "the run whose lease is to end, as scripts/unlock.sh names it",
    "continue": "the run that is to go on, as it says itself when it pauses",
}

EPILOGUE = """\
values of -e:
  K=V sets the variable K for this run. V is text, except where it is JSON that reads back the same: true, false,
  null, 3, 1.5, [1, 2], {"a": 1}. So 1.10 stays the text "1.10"; '"3"' is the text "3". Give -e as often as needed.

how it ends (last line and exit code):
  verdict: deployed | unchanged | planned    0   every host runs what was asked for
  verdict: continued                         0   the run that was paused goes on
  verdict: refused                          10   something was wrong beforehand; it touched no container
  verdict: rolled_back                      20   it failed; every touched host runs what it ran before
  verdict: rollback_failed                  30   at least one host is in neither state; the output names it
  verdict: unknown                          40   nobody saw how it ended; scripts/status.sh tells what runs

Each run leaves its folder var/runs/<run>/ with verdict.json and the whole output. They are yours to delete.
"""


@dataclass(frozen=True)
class Request:
    """A valid command line."""

    verb: str
    environment: str
    version: str | None = None
    plan: Path | None = None
    plan_sha256: str | None = None
    release: str | None = None
    lease_wait: int | None = None
    run: str | None = None
    limit: str | None = None
    check: bool = False
    diff: bool = False
    verbosity: int = 0
    extra: dict[str, object] = field(default_factory=dict)

    def playbook_options(self) -> tuple[str, ...]:
        """Return the options that go to ansible-playbook as they are."""
        return tuple(name for name, wanted in (("--check", self.check), ("--diff", self.diff)) if wanted)

    def playbook_variables(self) -> dict[str, object]:
        """Return the variables that the playbook gets on top of the inventory's."""
        chosen = {
            "stack_version": self.version,
            "stack_plan_file": str(self.plan) if self.plan else None,
            "stack_plan_sha256": self.plan_sha256,
            "stack_release": self.release,
            "stack_lease_wait": self.lease_wait,
            "stack_continue_run" if self.verb == "continue" else "stack_unlock_run": self.run,
        }
        return self.extra | {name: value for name, value in chosen.items() if value is not None}


class _Parser(argparse.ArgumentParser):
    """Reports a mistake as a finding instead of leaving with argparse's own exit code."""

    def error(self, message: str) -> NoReturn:
        shown = re.sub(r"=\S+", "=********", message)
        expected = "options that exist, each with its value"
        raise SlipwayError([Finding("command line", expected, shown, f"See {self.prog} --help.")])


def build_parser(verb: str) -> argparse.ArgumentParser:
    """Describe the options of a verb."""
    parser = _Parser(
        prog=f"scripts/{verb}.sh",
        usage=f"scripts/{verb}.sh ENV {'--version V ' if verb in NEEDS_VERSION else ''}[options]",
        description=ABOUT[verb],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("environment", metavar="ENV", nargs="?", help="a folder under inventories/")
    if verb in NEEDS_VERSION:
        parser.add_argument("--version", metavar="V", help="the version to deploy (stack_version), for example 1.4.2")
    if verb == "deploy":
        parser.add_argument("--plan", metavar="FILE", help="deploy exactly this plan.json, made by scripts/plan.sh")
        approved = "refuse a plan that has another hash than the one that was approved; plan.json states it as sha256"
        parser.add_argument("--plan-sha256", metavar="SHA", help=approved)
    if verb == "rollback":
        parser.add_argument("--to", metavar="RELEASE", help="the release to go back to, as scripts/status.sh names it")
    parser.add_argument("--limit", metavar="PATTERN", help="only these hosts of the environment")
    if verb in RUN_OF:
        parser.add_argument("--run", metavar="RUN", help=RUN_OF[verb])
    if verb in ("deploy", "rollback"):
        wait = "how long to wait for another run to end (default: not at all)"
        parser.add_argument("--lease-wait", metavar="SECONDS", help=wait)
        parser.add_argument("--check", action="store_true", help="check everything, change nothing")
        parser.add_argument("--diff", action="store_true", help="show how files differ")
    parser.add_argument(
        "-e", "--extra-vars", metavar="K=V", action="append", default=[], help="set a variable; see below"
    )
    parser.add_argument("-v", "--verbose", action="count", default=0, help="show every result (-vvv: and how)")
    return parser


def parse_request(verb: str, argv: list[str], inventories: Path) -> Request:
    """Return what a command line asks for.

    Args:
        verb: one of `ABOUT`.
        argv: the arguments after the verb.
        inventories: the folder that has a folder for each environment.

    Raises:
        SlipwayError: with everything that is wrong with it.
    """
    given = vars(build_parser(verb).parse_args(argv))
    findings = _environment_findings(given["environment"], inventories)
    if "version" in given:
        findings += _version_findings(given["version"])
    findings += _release_findings(given.get("to"))
    findings += _lease_findings(given.get("lease_wait"))
    findings += _run_findings(given.get("run"))
    findings += _limit_findings(given["limit"])
    findings += _plan_findings(given.get("plan"))
    findings += _approval_findings(given.get("plan_sha256"), given.get("plan"))
    extra, extra_findings = parse_extra_variables(given["extra_vars"])
    findings += extra_findings
    if findings:
        raise SlipwayError(findings)
    return _request(verb, given, extra)


def _request(verb: str, given: dict[str, Any], extra: dict[str, object]) -> Request:
    plan = given.get("plan")
    return Request(
        verb=verb,
        environment=given["environment"],
        version=given.get("version"),
        plan=Path(plan).resolve() if plan else None,
        plan_sha256=given.get("plan_sha256"),
        release=given.get("to"),
        lease_wait=int(given["lease_wait"]) if given.get("lease_wait") else None,
        run=given.get("run"),
        limit=given["limit"],
        check=given.get("check", False),
        diff=given.get("diff", False),
        verbosity=given["verbose"],
        extra=extra,
    )


def _environment_findings(name: str | None, inventories: Path) -> list[Finding]:
    known = sorted(entry.name for entry in inventories.iterdir() if entry.is_dir()) if inventories.is_dir() else []
    if name in known:
        return []
    seen = "none" if name is None else repr(name)
    there = ", ".join(known) or "none yet"
    return [Finding("environment", "a folder under inventories/", seen, f"Use one of those that exist: {there}.")]


def _version_findings(version: str | None) -> list[Finding]:
    if VERSION.fits(version):
        return []
    return [
        Finding(
            "--version",
            VERSION.words,
            "none" if version is None else repr(version),
            "Give the version to deploy, for example --version 1.4.2.",
        )
    ]


def _release_findings(release: str | None) -> list[Finding]:
    if release is None or RELEASE_ID.fits(release):
        return []
    remedy = "Take one that scripts/status.sh lists, or leave --to away for the release before."
    return [Finding("--to", "a release such as 20261122T214500Z-1.4.2", repr(release), remedy)]


def _lease_findings(seconds: str | None) -> list[Finding]:
    if seconds is None or re.fullmatch(r"[0-9]{1,6}", seconds):
        return []
    remedy = "For example --lease-wait 600; leave it away to be refused at once."
    return [Finding("--lease-wait", "a whole number of seconds", repr(seconds), remedy)]


def _run_findings(run: str | None) -> list[Finding]:
    if run is None or RUN_ID.fits(run):
        return []
    remedy = "Leave --run away: the command then tells which run holds the lease."
    return [Finding("--run", "the ID of a run", repr(run), remedy)]


def _limit_findings(limit: str | None) -> list[Finding]:
    if limit is None or limit.strip():
        return []
    return [Finding("--limit", "a host, a group or a pattern", "nothing", "Name the hosts, or leave --limit away.")]


def _plan_findings(name: str | None) -> list[Finding]:
    if name is None:
        return []
    remedy = "Give the plan.json that scripts/plan.sh left in its run's folder."
    try:
        plan = read_json(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        return [Finding("--plan", "a readable file", f"{name}: {error.strerror}", remedy)]
    except ValueError as error:
        return [Finding("--plan", "a JSON file", f"{name}: {error}", remedy)]
    if isinstance(plan, dict):
        return []
    return [Finding("--plan", "a JSON object", f"{name}: a {type(plan).__name__}", remedy)]


def _approval_findings(sha256: str | None, plan: str | None) -> list[Finding]:
    if sha256 is None:
        return []
    findings = []
    if not SHA256.fits(sha256):
        remedy = "Give what the approved plan.json states as sha256, in full."
        findings.append(Finding("--plan-sha256", SHA256.words, repr(sha256), remedy))
    if plan is None:
        remedy = "Name the plan that was approved: --plan FILE."
        findings.append(Finding("--plan-sha256", "a plan that has this hash", "no --plan", remedy))
    return findings
