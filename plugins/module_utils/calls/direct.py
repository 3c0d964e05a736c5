# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of the module `release` without Ansible's part of a module; the action plugin sends what it needs (I/O).

The program, run on the host, reads what the module is given from its input and prints the module's result, as JSON.
"""

from __future__ import annotations

import json
import sys

from ..core.answer import answer
from .dispatch import bring_about


def main() -> None:
    """Make the call."""
    given = json.load(sys.stdin)
    json.dump(answer(lambda: bring_about(given["options"], check_mode=given["check_mode"])), sys.stdout)


if __name__ == "__main__":
    main()
