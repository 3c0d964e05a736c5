# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the demo, or removes what it made; scripts/demo.sh has set up what this needs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.demonstration.cleaning import clean
from scripts.demonstration.commands import InterruptedDemoError, end_on_signals
from scripts.demonstration.engine import DemoError
from scripts.demonstration.record import only_demo
from scripts.demonstration.story import Demo, begin

INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Do what is asked; every failure says what to do next."""
    sys.stdout.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]
    end_on_signals()
    began = time.monotonic() - float(os.environ.get("DEMO_SECONDS", "0"))
    try:
        with only_demo():
            if arguments[0] == "clean":
                return clean()
            return Demo(begin(int(arguments[1]) if arguments[1] else None)).tell(began)
    except InterruptedDemoError as signal:
        print(f"\nEnded by {signal}. Begin anew: scripts/demo.sh. Remove everything: scripts/demo.sh --clean")
        return INTERRUPTED
    except (DemoError, OSError, subprocess.TimeoutExpired) as error:
        print(f"error: {error}", file=sys.stderr)
        print("The demo stops here. To begin anew: scripts/demo.sh. To remove everything: scripts/demo.sh --clean")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
