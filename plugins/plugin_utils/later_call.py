# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the calls of a run that follow on a host's preparation, with the code that it brought there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.slipway.compose.plugins.module_utils.errors import Finding, SlipwayError
from ansible_collections.slipway.compose.plugins.module_utils.later_call import NOT_HERE, ask
from ansible_collections.slipway.compose.plugins.module_utils.release_store import ReleaseStore
from ansible_collections.slipway.compose.plugins.modules.release import ARGUMENT_SPEC
from ansible_collections.slipway.compose.plugins.plugin_utils.plain_values import plain
from ansible_collections.slipway.compose.plugins.plugin_utils.release_request import failure

if TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

#: The two that follow on every preparation that goes well. The others are made by the module, whatever is on the host.
STATES = ("started", "confirmed")
#: The shell's exit statuses when the interpreter cannot be run.
_NO_INTERPRETER = (126, 127)


def later_call(action: ActionBase, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the result of a call of the module `release`; None if the module itself has to be sent.

    Args:
        action: the plugin that makes the call.
        arguments: the module's options.

    Raises:
        AnsibleConnectionFailure: the host cannot be reached.
    """
    options = _options(arguments)
    if options is None or not _may(action):
        return None
    folder = ReleaseStore(options["root"], options["stack"]).release_folder(options["release"])
    environment = action._compute_environment_string()  # noqa: SLF001 - as Ansible's own actions do
    command = ask(str(folder), options["run"], environment)
    # With input there is no terminal, whose end would end the program with it.
    ended = action._low_level_execute_command(command, in_data=json.dumps(options).encode())  # noqa: SLF001 - as above
    if ended["rc"] in (NOT_HERE, *_NO_INTERPRETER):
        return None
    return answered(options["release"], ended["rc"], ended["stdout"], ended["stderr"])


def answered(release: str, code: int, stdout: str, stderr: str) -> dict[str, Any]:
    """Return the result that the program on the host printed, or a failure if it printed none.

    Args:
        release: what it was to work on.
        code: its exit status.
        stdout: what it printed; a login may have printed something before.
        stderr: its complaints.
    """
    try:
        result = json.loads(stdout.splitlines()[-1])
    except (IndexError, ValueError):
        result = None
    if isinstance(result, dict):
        return result
    said = " / ".join([*stderr.splitlines(), *stdout.splitlines()][-3:]) or "and said nothing"
    remedy = "Something on this host ended the program; its journal and the kernel's log may tell what."
    return failure(SlipwayError([Finding(f"release {release}", "the host's answer", f"exit {code}, {said}", remedy)]))


def _options(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the module's options with their types and defaults, None if it is for the module to refuse them."""
    given = plain(arguments)
    if given.get("state") not in STATES or any(sign in str(given.get("root", "")) for sign in "~$"):
        # A home is the deploy user's, and only the host knows it.
        return None
    checked = ArgumentSpecValidator(ARGUMENT_SPEC).validate(given)
    options: dict[str, Any] = checked.validated_parameters
    return None if checked.error_messages or not options["release"] else options


def _may(action: ActionBase) -> bool:
    """Tell whether commands with input can be run on the host, as they are for modules where Ansible pipelines them."""
    task = action._task  # noqa: SLF001 - this is how a plugin's parts know their task
    return not (task.check_mode or task.async_val) and action._is_pipelining_enabled("new")  # noqa: SLF001 - as above
