#!/usr/bin/python
# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health gate as a module of its own."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_check
short_description: Wait until a Compose stack is truly healthy, or say why it is not
version_added: 0.1.0
description:
  - Passes when every expected container of a Docker Compose project is there and stands, every one-shot job has ended
    with exit code 0, and every declared check has passed; then it looks at all containers once more, so that none
    restarted meanwhile.
  - A container with a health check stands when it is healthy and has run without a break for O(healthy_for) seconds.
    One without can show nothing but that it keeps running; it stands when it has done so for O(stable_for) seconds.
  - Fails before O(timeout) as soon as success is out of reach, for example when a container restarts, turns unhealthy,
    ends for good, cannot start, or when a check has used up its attempts.
  - When it fails it returns the evidence, which is what was expected, what was seen, and the last log lines of each
    container concerned.
  - It is driven by the events of the Docker engine. Only if their stream breaks does it look once a second; RV(summary)
    then says so.
  - Without O(project_name) it only runs the declared checks and needs no engine, which is what a check from outside,
    delegated to the controller, wants.
extends_documentation_fragment:
  - slipway.compose.attributes
  - slipway.compose.attributes.info_module
options:
  project_name:
    description:
      - The name of the Compose project. Containers that Compose made for its services are found by their labels.
    type: str
  services:
    description:
      - What must be true of each service. Services that are not listed are not looked at.
      - If omitted, it is derived from the containers that exist. One-shot jobs are then services that another one waits
        for to complete, or that have the label C(io.slipway.job=true), and those that ended with exit code 0, that
        nothing restarts and that publish no port, unless the label says V(false).
    type: list
    elements: dict
    suboptions:
      service:
        description: The name of the service in the Compose file.
        type: str
        required: true
      replicas:
        description: How many containers the service must have. With V(0), none of it may run.
        type: int
        default: 1
      one_shot:
        description: Whether it is a job that must have ended with exit code 0, instead of running.
        type: bool
        default: false
      image:
        description: The image reference that its containers must have been made from. If omitted, any will do.
        type: str
  checks:
    description:
      - Further checks. They start at once and run in parallel, each until it passes, its attempts are used up, or
        O(timeout) is over.
      - Every check has a C(name) and a C(type), which is V(http), V(tcp), V(command) or V(log).
      - Every check may have C(timeout), the seconds that one attempt may take (default 5), C(interval), the seconds
        between two attempts (default 1), C(retries), the number of attempts (default as many as fit), and C(from),
        V(target) or V(controller). This module runs all checks it is given, wherever it runs; C(from) is for the role
        that splits them.
      - An V(http) check has C(url), and may have C(method) (default V(GET)), C(headers), C(body) (text, or data that
        is sent as JSON), C(status), a list of numbers and ranges (default V(["200-299"])), C(body_regex), a Python
        regular expression that must be found in the body, C(jmespath), an expression that must yield something other
        than null, false, 0 or something empty from the JSON body, C(follow_redirects) (default V(false)),
        C(validate_certs) (default V(true)), C(ca_path), a file or folder of CA certificates, and C(min_cert_days),
        the days that the certificate must still be valid. Proxies of the environment are not used, and at most 1 MiB
        of the body is read.
      - A V(tcp) check has C(port), and may have C(host) (default V(127.0.0.1)).
      - A V(command) check has C(argv), a list that is run without a shell, and may have C(exit_codes), a list
        (default V([0])).
      - A V(log) check has C(service) and C(regex), a Python regular expression. A line that it is found in must be in
        the log of every running container of the service since its start, or with C(present=false) must not be in
        any until everything else holds. It reads 4 KiB of each line, and fails if it does not reach the end of the log
        within 16 MiB and the time of an attempt. It cannot have C(from=controller).
      - C(service) makes a V(command) run in the first container of that service. In the other checks, it says whose
        logs are shown when the check fails; without it, they are those of the containers that publish the port.
    type: list
    elements: dict
    default: []
  timeout:
    description: The seconds after which everything must hold.
    type: float
    default: 120
  healthy_for:
    description:
      - The seconds that each container with a health check must have run without a break, measured from its start by
        the engine's clock. One that has already run that long is not watched any longer.
    type: float
    default: 2
  stable_for:
    description: The same for each container without a health check.
    type: float
    default: 5
  log_lines:
    description: How many last log lines of each container concerned a failure shows.
    type: int
    default: 20
  mask:
    description:
      - Secrets that must not be shown. Wherever one occurs in what is returned, asterisks take its place.
      - What the checks send in headers and bodies is masked without being named here.
    type: list
    elements: str
    default: []
  source:
    description: The variables of role P(slipway.compose.stack#role) by their names. Its secrets are masked.
    type: dict
    default: {}
  sealed:
    description: Checks and secrets in one piece, as the action plugin hands them on. Not for playbooks.
    type: str
  docker_host:
    description: The address of the Docker engine. If omitted, that of the environment or of the local engine.
    type: str
requirements:
  - docker (Python library, python3-docker on Debian and Ubuntu), with O(project_name)
  - requests (Python library, python3-requests on Debian and Ubuntu), with V(http) checks
  - jmespath (Python library, python3-jmespath on Debian and Ubuntu), with checks that have C(jmespath)
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: Wait until the guestbook is as it must be
  slipway.compose.health_check:
    project_name: guestbook
    timeout: 60
    healthy_for: 4
    stable_for: 10
    services:
      - service: web
        replicas: 2
      - service: migrate
        one_shot: true
    checks:
      - name: the database answers
        type: http
        url: http://127.0.0.1:8080/healthz
        jmespath: database == 'up'
        service: web
      - name: the database takes connections
        type: command
        service: db
        argv: [pg_isready, --username, postgres]
      - name: the worker has met no error
        type: log
        service: worker
        regex: "ERROR|Traceback"
        present: false

- name: See from the controller that the site answers and that its certificate lasts
  slipway.compose.health_check:
    checks:
      - name: front page
        type: http
        url: https://guestbook.example.org/
        body_regex: Guestbook
        min_cert_days: 14
  delegate_to: localhost
"""

RETURN = r"""
passed:
  description: Whether everything holds.
  returned: when the gate ran
  type: bool
duration_s:
  description: The seconds that it took to know.
  returned: when the gate ran
  type: float
  sample: 3.2
failures:
  description: What does not hold, with its evidence. Empty if RV(passed).
  returned: when the gate ran
  type: list
  elements: dict
  contains:
    service:
      description: The service concerned, or null.
      type: str
    container:
      description: The name of the container concerned, or null.
      type: str
    check:
      description:
        - The condition (V(replicas), V(image), V(start), V(running), V(restarts), V(health), V(stability),
          V(completion)), or the name of the declared check.
      type: str
      sample: health
    expected:
      description: What had to be true.
      type: str
      sample: healthy
    seen:
      description: What was there instead.
      type: str
      sample: "unhealthy, 3 failed probes, the last one with exit code 1: connection refused"
    logs:
      description: The last log lines of the containers concerned, or the last lines that the check's command printed.
      type: list
      elements: str
      sample: ["cannot open /etc/web.conf"]
observations:
  description: How each container of the services was at the end.
  returned: when the gate ran
  type: list
  elements: dict
  contains:
    service:
      description: The service.
      type: str
    name:
      description: The name of the container.
      type: str
    id:
      description: The ID of the container.
      type: str
    state:
      description: The state that the engine gives.
      type: str
    health:
      description: The status of its health check, or null if it has none.
      type: str
    restarts:
      description: How often the engine has restarted it.
      type: int
    image:
      description: The image reference that it was made from.
      type: str
    exit_code:
      description: How its process last ended.
      type: int
checks:
  description: How far each declared check came.
  returned: when the gate ran
  type: list
  elements: dict
  contains:
    name:
      description: The name of the check.
      type: str
    passed:
      description: Whether it passed.
      type: bool
    attempts:
      description: How many attempts it took.
      type: int
    duration_s:
      description: The seconds from the start to the end of the last attempt.
      type: float
    seen:
      description: What the last attempt met.
      type: str
notes:
  description: What to know about how the answer was found, such as that the engine's event stream broke.
  returned: when the gate ran
  type: list
  elements: str
summary:
  description: A few lines for people.
  returned: when the gate ran
  type: list
  elements: str
  sample: ["web: 2 running and healthy", "health gate passed after 3.2 s"]
findings:
  description: What kept the gate from running, such as a wrong option, a missing library or a silent engine.
  returned: when the gate could not run
  type: list
  elements: dict
  contains:
    thing:
      description: What was looked at.
      type: str
      sample: Docker engine
    expected:
      description: What had to be true.
      type: str
      sample: an engine that answers
    seen:
      description: What was there instead.
      type: str
      sample: permission denied
    remedy:
      description: What to do next.
      type: str
      sample: Run playbooks/bootstrap.yml on this host.
"""

import base64
import json
import os
from typing import TYPE_CHECKING, Any

from ..module_utils.calls.ansible_module import run_module
from ..module_utils.core.masking import Masker, Secret
from ..module_utils.engine.client import Engine
from ..module_utils.gate.gate import run_gate
from ..module_utils.gate.request import read_request
from ..module_utils.stack.gate_settings import GateSettings
from ..module_utils.stack.secret_values import check_secrets

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

_ENGINE_TIMEOUT_S = 30

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "project_name": {"type": "str"},
    "services": {
        "type": "list",
        "elements": "dict",
        "options": {
            "service": {"type": "str", "required": True},
            "replicas": {"type": "int", "default": 1},
            "one_shot": {"type": "bool", "default": False},
            "image": {"type": "str"},
        },
    },
    "checks": {"type": "list", "elements": "dict", "default": []},
    "timeout": {"type": "float", "default": GateSettings.timeout_s},
    "healthy_for": {"type": "float", "default": GateSettings.healthy_for_s},
    "stable_for": {"type": "float", "default": GateSettings.stable_for_s},
    "log_lines": {"type": "int", "default": GateSettings.log_lines},
    "mask": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "source": {"type": "dict", "default": {}, "no_log": True},
    "sealed": {"type": "str", "no_log": True},
    "docker_host": {"type": "str"},
}


def check_health(module: AnsibleModule) -> dict[str, Any]:
    """Run the gate and return the module's result."""
    options: dict[str, Any] = module.params
    sealed = json.loads(base64.b64decode(options["sealed"])) if options["sealed"] else {}
    options["checks"] = sealed.get("checks") or options["checks"]
    expected, settings = read_request(options)
    if options["docker_host"]:
        os.environ["DOCKER_HOST"] = options["docker_host"]
    secrets = [Secret(value, name) for name, value in sealed.get("secrets") or []]
    report = run_gate(
        Engine(timeout_s=_ENGINE_TIMEOUT_S) if options["project_name"] else None,
        options["project_name"] or "",
        expected,
        settings,
        Masker([*secrets, *check_secrets(settings.checks), *options["mask"]]),
    )
    result = {**report.as_dict(), "changed": False, "summary": report.summary()}
    return result if report.passed else {**result, "failed": True, "msg": report.message()}


def main() -> None:
    """Answer Ansible."""
    run_module(ARGUMENT_SPEC, check_health)


if __name__ == "__main__":
    main()
