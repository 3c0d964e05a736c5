# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the calls of the module `release` with the collection's own code alone.

Most of what a module's call costs is that its code is packed, sent and compiled together with all of Ansible's that a
module can need. This one needs none of that: its options are checked here, and its answers are JSON.
"""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

from ansible import constants as C  # noqa: N812 - as Ansible calls it
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..module_utils.boundary.shapes import read_json
from ..module_utils.calls import direct as program
from ..module_utils.core.findings import Finding, SlipwayError
from ..modules.release import ARGUMENT_SPEC, CONSTRAINTS
from .plain_values import plain
from .release_request import failure

if TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

#: Exit statuses when the interpreter cannot be run, and when the program cannot be begun as it is here.
_NO_INTERPRETER = (126, 127)
_NOT_BEGUN = 97
#: What Ansible says when the connection ended before all input was sent.
_NOT_SENT = "Data could not be sent to remote host"
_PATH = re.compile(r"/[\w./+-]+")
#: Runs the program from what comes first on its input, and has a path without lying in a file. One line for any shell.
_START = "; ".join((
    "import os, sys",
    # Whatever fails before the program begins: Python is too old, the kernel allows no code without a file
    # (vm.memfd_noexec), /proc is not there. All input is taken even so, or the host would seem to be out of reach.
    f"sys.excepthook = lambda *_: (getattr(sys.stdin, 'buffer', sys.stdin).read(), os._exit({_NOT_BEGUN}))",
    "sys.version_info >= (3, 9) or sys.excepthook()",
    # What lies in the current folder is nobody's library.
    "sys.path[:] = [folder for folder in sys.path if folder]",
    "import runpy",
    "size = int(sys.stdin.buffer.readline())",
    "code = os.fdopen(os.memfd_create('slipway'), 'wb')",
    "code.write(sys.stdin.buffer.read(size))",
    "code.flush()",
    "sys.path.insert(0, '/proc/self/fd/%d' % code.fileno())",
    "os.stat(sys.path[0])",
    "sys.excepthook = sys.__excepthook__",
    f"runpy.run_module('{program.__name__}', run_name='__main__')",
))  # fmt: skip


def packed() -> bytes:
    """Return the archive of the code that runs on hosts."""
    package = program.__name__.split(".")[:-2]
    kept = io.BytesIO()
    with ZipFile(kept, "w", ZIP_DEFLATED) as archive:
        for depth in range(len(package)):
            archive.writestr("/".join((*package[: depth + 1], "__init__.py")), "")
        rooms = Path(program.__file__).parents[1]
        for path in sorted(rooms.rglob("*.py")):
            archive.writestr("/".join((*package, *path.relative_to(rooms).parts)), path.read_bytes())
    return kept.getvalue()


#: Made once in a run: Ansible loads a plugin before it forks for each host.
_CODE = packed()


def direct_call(
    action: ActionBase, arguments: Mapping[str, Any], variables: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the answer to a call of the module `release`; None if it has to be made as Ansible makes calls.

    Nothing of the answer is checked yet.

    Args:
        action: the plugin that makes the call.
        arguments: the module's options.
        variables: the task's variables.

    Raises:
        AnsibleConnectionFailure: the host cannot be reached.
    """
    options = _options(arguments)
    interpreter = _interpreter(action, variables)
    if options is None or interpreter is None or not _may(action):
        return None
    given = json.dumps({"options": options, "check_mode": action._task.check_mode}).encode()  # noqa: SLF001 - this is how a plugin's parts know their task
    environment = action._compute_environment_string()  # noqa: SLF001 - as Ansible's own actions do
    command = f"{environment} {shlex.join([interpreter, '-B', '-c', _START])}".strip()
    # With input there is no terminal, whose end would end the program with it.
    sent = b"%d\n%b%b" % (len(_CODE), _CODE, given)
    ended = _executed(action, command, sent)
    if ended["rc"] in (_NOT_BEGUN, *_NO_INTERPRETER):
        return None
    return answered(options["stack"], ended["rc"], ended["stdout"], ended["stderr"])


def _executed(action: ActionBase, command: str, sent: bytes) -> dict[str, Any]:
    """Run a command with input on the host, and return how it ended.

    Raises:
        AnsibleConnectionFailure: the host cannot be reached, and why.
    """
    execute = action._low_level_execute_command  # noqa: SLF001 - as above
    try:
        ended: dict[str, Any] = execute(command, in_data=sent)
    except AnsibleConnectionFailure as error:
        if _NOT_SENT in str(error):
            # ssh ended before it had read its input, and Ansible did not wait to hear why. Without input it does.
            execute("true")
        raise
    return ended


def answered(stack: str, code: int, stdout: str, stderr: str) -> dict[str, Any]:
    """Return the result that the program on the host printed, or a failure if it printed none.

    Args:
        stack: what it was to work on.
        code: its exit status.
        stdout: what it printed; a login may have printed something before.
        stderr: its complaints.
    """
    try:
        result = read_json(stdout.splitlines()[-1])
    except (IndexError, ValueError):
        result = None
    if isinstance(result, dict):
        return result
    said = " / ".join([*stderr.splitlines(), *stdout.splitlines()][-3:]) or "and said nothing"
    remedy = "Something on this host ended the program; its journal and the kernel's log may tell what."
    return failure(SlipwayError([Finding(f"stack {stack}", "the host's answer", f"exit {code}, {said}", remedy)]))


def _options(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the module's options with their types and defaults, None if it is for the module to refuse them."""
    given = {name: plain(value) for name, value in arguments.items() if value is not None}
    if any(sign in str(given.get("root", "")) for sign in "~$"):
        # A home is the deploy user's, and only the host knows it.
        return None
    checked = ArgumentSpecValidator(ARGUMENT_SPEC, **CONSTRAINTS).validate(given)
    options: dict[str, Any] = checked.validated_parameters
    return None if checked.error_messages else options


def _interpreter(action: ActionBase, variables: Mapping[str, Any]) -> str | None:
    """Return the path of the host's Python; None where Ansible has to find it first."""
    # A task that is delegated has the other host's variables, too.
    of_host = (variables.get("ansible_delegated_vars") or {}).get(action._task.delegate_to, variables)  # noqa: SLF001 - as above
    try:
        configured = C.config.get_config_value("INTERPRETER_PYTHON", variables=of_host)
        named = str(action._templar.template(configured))  # noqa: SLF001 - as above
    except AnsibleError:
        # It is left out, or it cannot be told; Ansible knows what to say then.
        return None
    if named.startswith("auto"):
        named = str((of_host.get("ansible_facts") or {}).get("discovered_interpreter_python", ""))
    return named if _PATH.fullmatch(named) else None


def _may(action: ActionBase) -> bool:
    """Tell whether commands with input can be run on the host, as they are for modules where Ansible pipelines them."""
    may: bool = action._is_pipelining_enabled("new")  # noqa: SLF001 - as above
    return may
