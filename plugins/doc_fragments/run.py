# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules need to know of the stack and of the run that they work for."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the modules that take, hold or give back a lease."""

    DOCUMENTATION = r"""
options:
  stack:
    description: Name of the stack, which is the Compose project's name.
    type: str
    required: true
  root:
    description: Folder that holds the folders of all stacks. The user who connects must own it.
    type: path
    default: /var/lib/slipway
  run:
    description: ID of the run, for the lease and the journal. No two runs may have the same.
    type: str
    default: by-hand
  owner:
    description: Who started the run, for those who find its lease.
    type: str
    default: ""
  run_url:
    description: Where to look at the run, for those who find its lease.
    type: str
    default: ""
  guard_timeout:
    description:
      - Seconds without a sign of life from the run after which its lease ends and the guard takes its release back.
    type: int
    default: 900
requirements:
  - docker (Python library, python3-docker on Debian and Ubuntu)
  - requests (Python library, python3-requests on Debian and Ubuntu)
  - jmespath (Python library, python3-jmespath on Debian and Ubuntu)
  - Docker Compose plugin 2.24 or newer
author:
  - Slipway contributors (@slipway)
"""
