# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host's answer enters the controller: what is not as a module answers makes this host fail, and no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.boundary.shapes import Flag, Number, Record, Shape, Text, document_findings
from ..module_utils.calls.answers import REQUIRED, answer_keys
from ..module_utils.core.findings import SlipwayError
from ..module_utils.core.identifiers import Form
from .release_request import failure

#: How Ansible calls the fact in which it keeps the interpreter that it found.
_DISCOVERED = Form("discovered_interpreter_[a-z0-9_]+", "the interpreter that Ansible found")
_INTERPRETER = Form(r"/[\w./+-]+", "the path of an interpreter")
#: What Ansible says of a module that did not come to answer; the host's words, so these are texts as well.
_OF_ANSIBLE: dict[str, Shape] = {
    "rc": Number(whole=True),
    **dict.fromkeys(("stdout", "stderr", "module_stdout", "module_stderr"), Text()),
}
_REMEDY = (
    "Slipway's code does not answer so. Find out what else does on this host before you trust it; until then leave it "
    "out with --limit."
)


def checked_answer(module: str, answer: Mapping[str, Any], state: str | None = None) -> dict[str, Any]:
    """Return what may be believed of a host's answer: known keys, in their types and forms, with printable texts.

    Other keys are left out: a host could else have Ansible act on them, or say that it was skipped.

    Args:
        module: the name of the module, without the collection's.
        answer: what the host answered.
        state: which state the module was to bring about, if it has some.
    """
    keys = {**answer_keys(module), **_OF_ANSIBLE}
    failed = answer.get("failed") is True
    required = {"msg": Text()} if failed else {"changed": Flag(), **REQUIRED.get(state or module, {})}
    shape = Record(required, {key: one for key, one in keys.items() if key not in required})
    findings = document_findings(shape, answer, "the host's answer", _REMEDY)
    if findings:
        return failure(SlipwayError(findings))
    taken = shape.taken(answer)
    return {**(taken if isinstance(taken, dict) else {}), **_discovered(answer.get("ansible_facts"))}


def _discovered(facts: object) -> dict[str, Any]:
    """Return the one fact that Ansible itself adds to an answer, so that it need not look for the interpreter again."""
    found = {
        name: path
        for name, path in (facts.items() if isinstance(facts, Mapping) else ())
        if _DISCOVERED.fits(name) and _INTERPRETER.fits(path)
    }
    return {"ansible_facts": found} if found else {}
