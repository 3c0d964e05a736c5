# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes IDs for runs that the scripts gave none."""

from __future__ import annotations

DOCUMENTATION = r"""
name: run_id
author: Slipway contributors (@slipway)
short_description: A new ID for a run
version_added: 0.1.0
description:
  - Each time another one. It begins with the time in UTC, so that IDs sort by the seconds in which runs began, and ends
    with something random.
options:
  _terms:
    description: What the run does, such as V(recover). Letters, digits and C(. _ -).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Name the run
  ansible.builtin.set_fact:
    run: "{{ lookup('slipway.compose.run_id', 'recover') }}"
"""

RETURN = r"""
_raw:
  description: One ID for each term.
  type: list
  elements: str
  sample: [20261122T214500Z-recover-3f2a1c]
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ansible.plugins.lookup import LookupBase

from ..module_utils.core.identifiers import new_run_id


class LookupModule(LookupBase):
    """See the documentation above."""

    def run(self, terms: Sequence[str], variables: Any = None, **kwargs: Any) -> list[str]:  # noqa: ANN401, ARG002
        """Return one ID for each term."""
        return [new_run_id(term, datetime.now(UTC)) for term in terms]
