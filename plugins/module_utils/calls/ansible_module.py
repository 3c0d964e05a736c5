# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where work becomes an Ansible module; nothing below it knows of Ansible."""

from __future__ import annotations

from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from ..core.answer import Result, answer

#: The options that doc fragment `run` describes.
RUN_OPTIONS: dict[str, Any] = {
    "stack": {"type": "str", "required": True},
    "root": {"type": "path", "default": "/var/lib/slipway"},
    "run": {"type": "str", "default": "by-hand"},
    "owner": {"type": "str", "default": ""},
    "run_url": {"type": "str", "default": ""},
    "guard_timeout": {"type": "int", "default": 900},
}


def run_module(
    argument_spec: dict[str, Any],
    work: Callable[[AnsibleModule], Result],
    *,
    supports_check_mode: bool = True,
    **constraints: Any,
) -> None:
    """Do a module's work and exit.

    Args:
        argument_spec: the module's options.
        work: returns the module's result; with `failed` true in it, the result is a failure and has a `msg`.
        supports_check_mode: whether the work knows check mode.
        **constraints: further arguments of AnsibleModule, such as required_if.
    """
    module = AnsibleModule(argument_spec=argument_spec, supports_check_mode=supports_check_mode, **constraints)
    result = answer(lambda: work(module))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
