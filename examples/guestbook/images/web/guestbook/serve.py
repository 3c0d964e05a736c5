# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The web service."""

from __future__ import annotations

import signal
import threading

from guestbook import faults
from guestbook.container_log import log
from guestbook.database import Database
from guestbook.server import GuestbookServer
from guestbook.settings import SettingError, drop_privileges, read_settings

PORT = 8000
DRAIN_SECONDS = 2


def main() -> int:
    """Serve until SIGTERM or SIGINT, then finish the requests that are open and leave."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = read_settings()
        drop_privileges()
    except SettingError as error:
        log("ERROR", str(error))
        return 1
    server = GuestbookServer(("", PORT), settings, Database(settings))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    log("INFO", f"guestbook {settings.version} listens on port {PORT}")
    faults.start_timer(settings.fault)
    stop.wait()
    server.shutdown()
    finished = server.open_requests.wait_until_none(DRAIN_SECONDS)
    if finished:
        log("INFO", "stopped")
    else:
        log("WARNING", f"stopped with requests still open after {DRAIN_SECONDS} s")
    return 0
