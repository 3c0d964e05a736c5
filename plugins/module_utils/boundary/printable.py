# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts from elsewhere, made fit to be shown: a terminal or a pipeline's log obeys nothing in them."""

from __future__ import annotations

import re

from ..core.identifiers import CONTROLS

#: What a terminal obeys as a whole: colours and movements, titles and links, device control.
_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_])|\x9b[0-?]*[ -/]*[@-~]"
)
#: Line ends and tabs stay: they are what makes a text of several lines one.
_CONTROL = re.compile(rf"(?![\t\n])[{CONTROLS}]")
#: A command to the pipeline that runs this, wherever it stands in a line: ##[add-mask], ##vso[task.setvariable].
_EMBEDDED_COMMAND = re.compile(r"##(?=(?:vso)?\[)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LINE_ENDS = re.compile(r"[\n\t][ \n\t]*")
#: A command or a verdict that only counts at a line's beginning.
_FORGED = re.compile(r"^((?:\s|\x1b\[[0-9;]*m)*)(?=::|verdict:)", re.MULTILINE)


def printable(text: str) -> str:
    """Return a text without what a terminal would obey instead of show, and without commands to a pipeline."""
    return _EMBEDDED_COMMAND.sub("# #", _CONTROL.sub("", _SEQUENCE.sub("", text)))


def one_line(text: str) -> str:
    """Return a text as one printable line; its spaces stay."""
    return _LINE_ENDS.sub(" ", printable(text)).rstrip()


def from_ansible(text: str) -> str:
    """Return what Ansible printed with its colours, and nothing else that is obeyed.

    What this collection has Ansible print begins with the time. Other lines, such as Ansible's warnings, may quote a
    host: none of these can be taken for a command to a pipeline, nor for the verdict.
    """
    parts = _COLOUR.split(text)
    colours = _COLOUR.findall(text)
    shown = "".join(printable(part) + colour for part, colour in zip(parts, [*colours, ""]))
    return _FORGED.sub(r"\1| ", shown)
