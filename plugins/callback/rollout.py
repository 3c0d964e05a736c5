# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard output of a rollout: what was done on which host, what failed and why, and nothing else."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout
type: stdout
author: Slipway contributors (@slipway)
short_description: Show a rollout to the people who wait for it
description:
  - Prints play names as headings, once there is something to say beneath them, and of each task only what matters,
    with the time since the start at the left of every line. The first line says when that was, in UTC.
  - What several hosts say in the same words is printed for the first of them, and the others are named or counted.
  - Of a result it prints the lines in C(summary), and those in C(attention) in the colour of warnings. Of a failure it
    prints C(msg) in full. Tasks that were skipped, or that have nothing to say, print nothing.
  - On a terminal a line at the bottom names the running task, the hosts that it waits for and its seconds. Elsewhere,
    in the logs of a pipeline for example, there are only plain lines; where ten seconds went by without one, a line
    says what is waited for.
  - With C(-v) and more, each result is shown the way the P(ansible.builtin.default#callback) callback shows it as well.
  - Results marked C(no_log) are never shown.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - Set as C(stdout_callback) in the configuration.
notes:
  - Colour follows E(ANSIBLE_NOCOLOR), E(NO_COLOR) and E(ANSIBLE_FORCE_COLOR).
"""

import functools
import os
import re
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ansible import constants as C  # noqa: N812
from ansible import context
from ansible.plugins.callback.default import CallbackModule as DefaultCallback
from ansible.utils.fqcn import add_internal_fqcns

from ..module_utils.boundary.printable import one_line
from ..plugin_utils import rollout_text as text
from ..plugin_utils.callback_parts import is_rescued, never_raise
from ..plugin_utils.progress_line import ProgressLine
from ..plugin_utils.said_once import FAILURES_IN_FULL, SaidOnce, counted_names

if TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.inventory.host import Host
    from ansible.playbook import Playbook
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

STARTED = time.monotonic() - max(0.0, time.time() - float(os.environ.get(text.BEGAN) or time.time()))
PAUSE = add_internal_fqcns(("pause",))
#: Tasks that may have nothing to do, so that nobody has to read of their play before they say something.
QUIET = add_internal_fqcns(("fail", "assert", "set_fact", "debug", "include_role", "include_tasks"))
OWN = "slipway.compose."
#: The states of a release for which no task asks without having something to do.
AT_WORK = ("started", "confirmed", "rolled_back", "recovered", "abandoned")
#: Longer names of hosts stand out of their column.
WIDEST = 24
COLOURS = {"BROKE": C.COLOR_ERROR, "NEXT": C.COLOR_HIGHLIGHT}


class CallbackModule(DefaultCallback):
    """Prints what people need, leaves the rest to the default callback at -v."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "slipway.compose.rollout"

    def __init__(self) -> None:
        """Start the clock, and the line at the bottom where there is a terminal of our own."""
        super().__init__()
        self._host_width = 0
        self._hosts = 0
        self._batches: dict[str, int] = {}
        self._heading = ""
        self._judged = False
        self._said = SaidOnce()
        self._names = text.ReleaseNames()
        self._failed: dict[str, None] = {}
        self._going_back = False
        self._progress = self._progress_line()

    def _progress_line(self) -> ProgressLine | None:
        """Return the line at the bottom; under ansible-runner it is drawn by the process that owns the terminal."""
        if "AWX_ISOLATED_DATA_DIR" in os.environ:
            return None
        rewritten = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        progress = ProgressLine(sys.stdout.fileno(), stamp=None if rewritten else self._clock)
        display = self._display.display

        @functools.wraps(display)
        def display_above(*args: Any, **kwargs: Any) -> None:
            with progress.hidden():
                display(*args, **kwargs)
                if os.getpid() == owner:
                    sys.stdout.flush()

        owner = os.getpid()
        self._display.display = display_above
        return progress

    @staticmethod
    def _clock() -> str:
        return text.elapsed(time.monotonic() - STARTED)

    @property
    def _verbose(self) -> bool:
        return bool(self._display.verbosity)

    def say(self, line: str, color: str | None = None, *, whole: bool = False) -> None:
        """Print one line with the time since the start, and before it the heading if that is still to come."""
        self._head()
        self._display.display(f"{self._clock()} {line if whole else self._names.shortened(line)}", color=color)

    def _head(self) -> None:
        heading, self._heading = self._heading, ""
        if heading:
            self.say(heading, C.COLOR_HIGHLIGHT)

    def _say_of(self, host: str, lines: list[str], color: str | None = None) -> None:
        for line in lines:
            self.say(f"  {host:<{self._host_width}}  {line}".rstrip(), color)

    def _say_failure(self, result: CallbackTaskResult, word: str, lines: list[str], color: str) -> None:
        """Print the host, what became of it, the task with its item, and every line of the reason beneath."""
        where = text.task_title(result.task.get_name())
        if "ansible_loop_var" in result.result:
            where += f" (item={one_line(str(self._get_item_label(result.result)))})"
        label = self._label(result)
        if not self._said.shows(label, [f"{word}  {where}", *lines], FAILURES_IN_FULL):
            return
        self._say_of(label, [f"{word}  {where}"], color)
        for line in lines:
            self.say(f"      {line}".rstrip(), color)

    def _label(self, result: CallbackTaskResult) -> str:
        """Return of whom a result speaks; what is done once for all hosts is no host's."""
        once = result.task.run_once and self._hosts > 1 and not result.result.get("unreachable")
        return "all hosts" if once else str(self.host_label(result))

    def _say_rest(self) -> None:
        """Say of whom else what was said in the last task is true."""
        for rest in self._said.rest():
            if rest.first:
                self._say_of(rest.who, [f"{rest.lines[0]}: the same as on {rest.first}"], C.COLOR_ERROR)
            else:
                self._say_of(rest.who, list(rest.lines))

    def _take(self, result: CallbackTaskResult) -> None:
        """Note that a host is done with the task, and take its result."""
        if self._progress:
            self._progress.heard_from(result.host.get_name())
        self._drop_secrets(result)

    def _drop_secrets(self, result: CallbackTaskResult) -> None:
        """Drop what Ansible keeps of a no_log result although it may quote the secret."""
        if text.is_censored(result.result):
            result.result.pop("exception", None)
            if [result.result.pop(key, None) for key in ("warnings", "deprecations")] != [None, None]:
                hidden = "(a warning is hidden: the task is marked no_log)"
                self._say_of(self.host_label(result), [hidden], C.COLOR_WARN)

    @never_raise
    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        """Say when it began, and that nothing will be changed, if that is so."""
        if self._verbose:
            super().v2_playbook_on_start(playbook)
        if text.BEGAN not in os.environ:
            self.say(f"began {datetime.now(UTC):%H:%M:%S} UTC")
        if context.CLIARGS.get("check"):
            self.say("(check mode, nothing is changed)", C.COLOR_HIGHLIGHT)

    @never_raise
    def v2_playbook_on_play_start(self, play: Play) -> None:
        """Keep the play's name as the heading of what comes, with the batch from the second on."""
        self._say_rest()
        self._play = play
        if self._progress:
            self._progress.start("")
        name = text.task_title(play.get_name()) or "(a play without a name)"
        batch = self._batches[name] = self._batches.get(name, 0) + 1
        self._heading = name if batch == 1 else f"{name} (batch {batch})"
        hosts = [host.get_name() for host in play.get_variable_manager()._inventory.get_hosts(play.hosts)]  # noqa: SLF001
        self._hosts = len(hosts)
        self._host_width = max([self._host_width, *(len(name) for name in hosts if len(name) <= WIDEST)])

    @never_raise
    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:  # noqa: FBT001
        """Move the line at the bottom on."""
        self._begin(task)
        if self._verbose:
            super().v2_playbook_on_task_start(task, is_conditional)

    @never_raise
    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        """Move the line at the bottom on."""
        self._begin(task)
        if self._verbose:
            super().v2_playbook_on_handler_task_start(task)

    def _begin(self, task: Task) -> None:
        self._say_rest()
        self._last_task_name = task.get_name().strip()
        if self._progress:
            # A line rewritten every second would wipe out what `pause` asks.
            self._progress.start("" if task.action in PAUSE else text.task_title(task.get_name()))

    @never_raise
    def v2_runner_on_start(self, host: Host, task: Task) -> None:
        """Name the host that the task waits for, and why hosts go back if that begins."""
        state = task.args.get("state") if task.action.startswith(OWN) else None
        if state in AT_WORK or not (task.action.startswith(OWN) or task.action in QUIET):
            self._head()
        if state == "rolled_back" and self._failed and not self._going_back:
            self._going_back = True
            self.say(f"  going back: the release failed on {counted_names(list(self._failed))}", C.COLOR_WARN)
        if self._progress:
            self._progress.waits_for(host.get_name())
        if self._verbose:
            super().v2_runner_on_start(host, task)

    @never_raise
    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Print the summary, or the message of a debug task."""
        self._take(result)
        if not self._loops(result):
            self._show_success(result)
        if self._verbose:
            super().v2_runner_on_ok(result)
        else:
            self._handle_warnings(result.result)

    @never_raise
    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        """Print an item's summary, or the message of a debug task."""
        self._drop_secrets(result)
        self._show_success(result)
        if self._verbose:
            super().v2_runner_item_on_ok(result)
        else:
            self._handle_warnings(result.result)

    def _show_success(self, result: CallbackTaskResult) -> None:
        color = C.COLOR_CHANGED if result.result.get("changed") else C.COLOR_OK
        if text.is_verdict(result.result):
            self._say_verdict(result, color)
            return
        label, lines = self._label(result), text.summary_lines(result.result)
        if lines and self._said.shows(label, lines):
            self._say_of(label, lines, color)
        self._say_of(label, text.attention_lines(result.result), C.COLOR_WARN)
        if result.task.action in C._ACTION_DEBUG and not self._verbose and not text.is_censored(result.result):  # noqa: SLF001
            self._clean_results(result.result, result.task.action)
            shown = result.result.get("msg", self._dump_results(result.result, indent=2))
            self._say_of(self.host_label(result), text.as_lines(shown))

    @never_raise
    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:  # noqa: FBT001, FBT002
        """Print why a task failed, in full; a loop's items have said so already."""
        self._take(result)
        if not self._loops(result):
            self._show_failure(result, ignored=ignore_errors)
        if self._verbose:
            super().v2_runner_on_failed(result, ignore_errors)
        else:
            self._handle_warnings(result.result)

    @never_raise
    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        """Print why an item failed, in full."""
        self._drop_secrets(result)
        if result.result.get("unreachable"):
            self._show_unreachable(result)
        else:
            self._show_failure(result, ignored=bool(result.task_fields.get("ignore_errors")))
        if self._verbose:
            super().v2_runner_item_on_failed(result)
        else:
            self._handle_warnings(result.result)

    def _show_failure(self, result: CallbackTaskResult, *, ignored: bool) -> None:
        word, color = "FAILED", C.COLOR_ERROR
        if result.task.args.get("state") == "started":
            self._failed[result.host.get_name()] = None
        if text.is_verdict(result.result):
            self._say_verdict(result, color)
            return
        # The collection's own playbooks go on after a failure to settle every host; its verdict ignores nothing.
        if ignored and not str(result.task.action).startswith("slipway.compose."):
            word, color = "failed (ignored)", C.COLOR_WARN
        elif is_rescued(result.task):
            word = "failed (handled)"
        self._say_failure(result, word, text.failure_lines(result.result), color)

    def _say_verdict(self, result: CallbackTaskResult, color: str) -> None:
        """Print what is said of all hosts together, under no host's name."""
        self._say_rest()
        self._judged = True
        for part, line in text.verdict_parts(text.summary_lines(result.result)):
            # Here stands each whole ID that somebody may need to type.
            self.say(line, COLOURS.get(part) if part else color, whole=True)

    def _show_unreachable(self, result: CallbackTaskResult) -> None:
        self._say_failure(result, "UNREACHABLE", text.unreachable_lines(result.result), C.COLOR_UNREACHABLE)

    @never_raise
    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        """Print the connection's reason and what to do; a loop's items have said so already."""
        self._take(result)
        if not self._loops(result):
            self._show_unreachable(result)
        if self._verbose:
            super().v2_runner_on_unreachable(result)
        else:
            self._handle_warnings(result.result)

    @never_raise
    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        """Print nothing but warnings, except at -v."""
        self._take(result)
        if self._verbose:
            super().v2_runner_on_skipped(result)
        else:
            self._handle_warnings(result.result)

    @never_raise
    def v2_runner_item_on_skipped(self, result: CallbackTaskResult) -> None:
        """Print nothing, except at -v."""
        if self._verbose:
            super().v2_runner_item_on_skipped(result)

    @never_raise
    def v2_runner_retry(self, result: CallbackTaskResult) -> None:
        """Print nothing, except at -v."""
        if self._verbose:
            super().v2_runner_retry(result)

    @never_raise
    def v2_playbook_on_include(self, included_file: Any) -> None:  # noqa: ANN401
        """Print nothing, except at -v."""
        if self._verbose:
            super().v2_playbook_on_include(included_file)

    @never_raise
    def v2_on_file_diff(self, result: CallbackTaskResult) -> None:
        """Print the differences that --diff asks for, beneath their host."""
        entries = result.result.get("results") if self._loops(result) else [result.result]
        for entry in entries or []:
            if isinstance(entry, dict) and entry.get("diff") and entry.get("changed") and not text.is_censored(entry):
                shown = self._get_diff(text.printable_diff(entry["diff"])).rstrip()
                if shown:
                    self._say_of(self.host_label(result), [text.task_title(result.task.get_name())], C.COLOR_DIFF_LINES)
                    # With the bar before it, no line of a file is one that a pipeline obeys.
                    self._display.display("\n".join(f"| {line}" for line in shown.split("\n")))

    @never_raise
    def v2_playbook_on_no_hosts_matched(self) -> None:
        """Say that a play has nobody to play for; one for the controller is left out on purpose, or by --limit."""
        if self._play is not None and "localhost" in re.findall(r"[\w.-]+", str(self._play.hosts)):
            return
        self.say("  no host of the inventory matches here", C.COLOR_WARN)

    @never_raise
    def v2_playbook_on_no_hosts_remaining(self) -> None:
        """Say that every host of a play is out."""
        self.say("  no host is left to go on with", C.COLOR_ERROR)

    @never_raise
    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        """Print the last line: how long, how many hosts, how many of them ended badly; a verdict has said more."""
        self._say_rest()
        if self._progress:
            self._progress.finish()
        if self._verbose:
            super().v2_playbook_on_stats(stats)
        hosts = {}
        for host in stats.processed:
            tally = stats.summarize(host)
            hosts[host] = text.HostTally(failures=tally["failures"], unreachable=tally["unreachable"])
        bad = any(tally.failures or tally.unreachable for tally in hosts.values())
        if not self._judged:
            self.say(text.recap(time.monotonic() - STARTED, hosts), C.COLOR_ERROR if bad else C.COLOR_OK)

    @staticmethod
    def _loops(result: CallbackTaskResult) -> bool:
        return bool(result.task.loop) and isinstance(result.result.get("results"), list)
