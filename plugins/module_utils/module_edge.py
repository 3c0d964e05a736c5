# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where errors become a module's one clear answer; nothing below it knows of Ansible."""

from __future__ import annotations

import errno
from pathlib import Path
from traceback import extract_tb
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.compose.plugins.module_utils.errors import Finding, SlipwayError

Result = dict[str, Any]
#: The options that doc fragment `run` describes.
RUN_OPTIONS: dict[str, Any] = {
    "stack": {"type": "str", "required": True},
    "root": {"type": "path", "default": "/var/lib/slipway"},
    "run": {"type": "str", "default": "by-hand"},
    "owner": {"type": "str", "default": ""},
    "run_url": {"type": "str", "default": ""},
    "guard_timeout": {"type": "int", "default": 900},
}
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


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
    try:
        result = work(module)
    except SlipwayError as error:
        result = _found(error)
    except OSError as error:
        result = _found(_no_room(error)) if error.errno in _NO_ROOM else {"failed": True, "msg": _unexpected(error)}
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user
        result = {"failed": True, "msg": _unexpected(error)}
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


def _found(error: SlipwayError) -> Result:
    return {"failed": True, "msg": str(error), "findings": [finding.as_dict() for finding in error.findings]}


def _no_room(error: OSError) -> SlipwayError:
    thing = f"disk of {error.filename}" if error.filename else "disk"
    return SlipwayError([Finding(thing, "room to write", str(error.strerror), "Free disk space on this host.")])


def _unexpected(error: Exception) -> str:
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}, in {place.name}"
    said = " ".join(str(error).split()) or "no message"
    return f"Slipway met an error that it does not know, {type(error).__name__}: {said} ({where}). Please report it."
