# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer with the result that the test asks for."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Return the option `result` as the module's result."""
    module = AnsibleModule({"result": {"type": "dict", "required": True}}, supports_check_mode=True)
    result = module.params["result"]
    if result.pop("fails", False):
        module.fail_json(**result)
    for text in result.pop("warn", []):
        module.warn(text)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
