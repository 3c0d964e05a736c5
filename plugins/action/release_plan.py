# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the plan of a deployment on the controller, or takes one that was made and approved before."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.boundary.shapes import read_json
from ..module_utils.core.findings import Finding, SlipwayError
from ..module_utils.core.identifiers import COMMIT, new_run_id, release_id
from ..module_utils.core.wording import counted
from ..module_utils.stack.plan import Plan, batches, duration_findings, fleet_hash
from ..plugin_utils.argument_types import validated
from ..plugin_utils.plain_values import plain
from ..plugin_utils.release_request import failure
from ..plugin_utils.run_folder import run_folder

_GIT_TIMEOUT_S = 10


class ActionModule(ActionBase):
    """See the module's documentation."""

    _requires_connection = False
    _supports_check_mode = True
    BYPASS_HOST_LOOP = True

    def run(self, tmp: None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the plan, and where it was written."""
        super().run(tmp, task_vars)
        arguments = plain(self._task.args)
        # What is wrong with the variables, stack_source has said before.
        variables, _findings = validated(arguments.get("source") or {})
        try:
            plan = self._plan(arguments, variables)
            raise_too_long(plan, variables["stack_run_timeout"])
        except SlipwayError as error:
            return failure(error)
        run = str(arguments.get("run") or new_run_id("deploy", datetime.now(UTC)))
        path = run_folder(str(arguments["runs_dir"]), run) / "plan.json"
        path.touch(mode=0o600)
        path.write_text(plan.to_json())
        left_out = [f"LEFT OUT, because it cannot be reached: {host}" for host in arguments.get("left_out") or []]
        return {
            "changed": False,
            "plan": plan.as_dict(),
            "fleet_sha256": fleet_hash(plan.as_dict()),
            "run": run,
            "path": str(path),
            "attention": [*left_out, *plan.attention],
            "summary": _summary(plan),
        }

    def _plan(self, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> Plan:
        sources: dict[str, dict[str, Any]] = arguments["sources"]
        file = variables.get("stack_plan_file")
        if file:
            plan = _read_plan(Path(self._loader.path_dwim(file)))
            raise_differences(plan, sources, arguments["files"], variables)
            return plan
        if variables.get("stack_plan_sha256"):
            remedy = "Name the plan that has this hash (stack_plan_file, --plan)."
            raise SlipwayError([Finding("stack_plan_sha256", "a plan that was made before", "none", remedy)])
        images: dict[str, str] = arguments.get("images") or {}
        now = datetime.now(UTC)
        made = Plan(
            stack=variables["stack_name"],
            version=variables["stack_version"],
            release=release_id(variables["stack_version"], now),
            created_at=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            created_by=variables["stack_run_owner"],
            commit=_commit(Path(self._loader.path_dwim(variables["stack_src"]))),
            reversible=variables["stack_reversible"],
            rollback_scope=variables["stack_rollback_scope"],
            images=images,
            files=arguments["files"],
            hosts={host: source["content_sha256"] for host, source in sources.items()},
            batches=batches(list(sources), variables["stack_serial"]),
            bake_time=variables["stack_bake_time"],
            pause_after=variables["stack_pause_after"],
        )
        # Hosts refuse what is no plan; here it is said once, and before the plan is written.
        return Plan.from_dict(made.as_dict())


def _summary(plan: Plan) -> list[str]:
    pinned = f"{counted(len(plan.images), 'image')} pinned"
    lines = [f"release {plan.release} on {counted(len(plan.hosts), 'host')}, {pinned}, plan {plan.sha256[:12]}"]
    if plan.bake_time and len(plan.batches) > 1:
        lines.append(f"{len(plan.batches)} batches; each but the last bakes for {plan.bake_time} s")
    if plan.pause_after != "nothing" and len(plan.batches) > 1:
        what = "the canary" if plan.pause_after == "canary" else "each batch but the last"
        lines.append(f"pauses after {what}, until somebody continues it")
    return lines


def raise_too_long(plan: Plan, longest_s: int) -> None:
    """Compare what a plan takes at least with how long the run may take.

    Raises:
        SlipwayError: it cannot end in time.
    """
    findings = duration_findings(plan, longest_s)
    if findings:
        raise SlipwayError(findings)


def raise_differences(
    plan: Plan, sources: Mapping[str, Mapping[str, Any]], files: Mapping[str, str], variables: Mapping[str, Any]
) -> None:
    """Compare a plan that was made before with what would be planned now.

    Raises:
        SlipwayError: everything in which they differ; images are not asked for again, that is what a plan is for.
    """
    findings = []
    approved = variables.get("stack_plan_sha256")
    if approved and plan.sha256 != approved:
        remedy = "Deploy the plan that was approved, or have this one approved."
        findings.append(Finding("plan", f"the one with SHA-256 {approved}", f"SHA-256 {plan.sha256}", remedy))
    remedy = "Make a new plan, have it approved, and deploy that one."
    decided = {
        "stack_name": plan.stack,
        "stack_version": plan.version,
        "stack_rollback_scope": plan.rollback_scope,
        "stack_bake_time": plan.bake_time,
        "stack_pause_after": plan.pause_after,
        "stack_reversible": plan.reversible,
    }
    for name, planned in decided.items():
        if planned != variables[name]:
            findings.append(Finding(f"plan's {name}", str(variables[name]), str(planned), remedy))
    # A run with --limit takes a part of the plan, in batches of its own.
    if set(sources) == set(plan.hosts) and batches(list(sources), variables["stack_serial"]) != plan.batches:
        words = " | ".join(", ".join(batch) for batch in plan.batches)
        findings.append(Finding("stack_serial", f"the batches that were planned: {words}", "others", remedy))
    for host, source in sources.items():
        if host not in plan.hosts:
            findings.append(Finding(f"host {host}", "a host of the plan", "it is not in it", remedy))
        elif plan.hosts[host] != source["content_sha256"]:
            changed = sorted(path for path in {*plan.files, *files} if plan.files.get(path) != files.get(path))
            seen = f"changed since: {', '.join(changed)}" if changed else "variables or secrets that changed since"
            findings.append(Finding(f"host {host}", "the files and variables that were planned", seen, remedy))
    if findings:
        raise SlipwayError(findings)


def _read_plan(path: Path) -> Plan:
    try:
        document = read_json(path.read_text())
    except (OSError, ValueError) as error:
        finding = Finding(f"plan {path}", "a plan as playbooks/plan.yml writes it", str(error), "Name that file.")
        raise SlipwayError([finding]) from error
    return Plan.from_dict(document)


def _commit(folder: Path) -> str:
    """Return the commit that the folder's files are of, "" outside a repository; "+" marks uncommitted changes."""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", ".")
    except (OSError, subprocess.SubprocessError):
        return ""
    return head + ("+" if changed else "") if COMMIT.fits(head) else ""


def _git(folder: Path, *words: str) -> str:
    argv = ["git", "-C", str(folder), *words]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=_GIT_TIMEOUT_S)
    return done.stdout.strip()
