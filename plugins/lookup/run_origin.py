# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells who started a run, and where it can be looked at."""

from __future__ import annotations

DOCUMENTATION = r"""
name: run_origin
author: Slipway contributors (@slipway)
short_description: Who started a run, and where it can be looked at
version_added: 0.1.0
description:
  - What hosts keep in their lease and show to others who come meanwhile.
options:
  _terms:
    description:
      - V(owner) is the user and the machine that run Ansible.
      - V(url) is the page of the job in GitHub Actions, GitLab CI or Jenkins, and empty elsewhere. It comes from
        E(GITHUB_SERVER_URL), E(GITHUB_REPOSITORY) and E(GITHUB_RUN_ID), from E(CI_JOB_URL), or from E(BUILD_URL).
    type: list
    elements: str
    choices: [owner, url]
    required: true
"""

EXAMPLES = r"""
- name: Say who this is
  ansible.builtin.debug:
    msg: "{{ lookup('slipway.compose.run_origin', 'owner') }}"
"""

RETURN = r"""
_raw:
  description: One value for each term.
  type: list
  elements: str
  sample: [ada@desk]
"""

import os
from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils.run_origin import run_owner, run_url


class LookupModule(LookupBase):
    """See the documentation above."""

    def run(self, terms: Sequence[str], variables: Any = None, **kwargs: Any) -> list[str]:  # noqa: ANN401, ARG002
        """Return one value for each term."""
        known = {"owner": run_owner(), "url": run_url(os.environ)}
        unknown = [term for term in terms if term not in known]
        if unknown:
            raise AnsibleError(f"expected {' or '.join(known)}, seen {', '.join(map(repr, unknown))}")
        return [known[term] for term in terms]
