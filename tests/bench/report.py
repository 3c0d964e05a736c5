"""The bench's results as a table for people and as JSON for later."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.measure import Series

SUBJECT = "slipway"


def table(series: Sequence[Series]) -> str:
    """Return medians side by side, with Slipway's ratio to each of the others."""
    names = list(dict.fromkeys(one.contender for one in series))
    others = [name for name in names if name != SUBJECT] if SUBJECT in names else []
    header = ["hosts", "case", *(f"{name} (s)" for name in names), *(f"{SUBJECT} / {name}" for name in others)]
    rows = [header]
    for hosts, case in dict.fromkeys((one.hosts, one.case) for one in series):
        medians = {one.contender: one.median for one in series if (one.hosts, one.case) == (hosts, case)}
        times = [f"{medians[name]:.2f}" for name in names]
        ratios = [f"{medians[SUBJECT] / medians[name]:.2f}" for name in others]
        rows.append([str(hosts), case, *times, *ratios])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def save(series: Sequence[Series], folder: Path) -> Path:
    """Write every single time, and on what they were taken, to a new file in the folder."""
    taken = datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{taken:%Y%m%dT%H%M%SZ}.json"
    results = [
        {
            "hosts": one.hosts,
            "case": one.case,
            "contender": one.contender,
            "median_s": round(one.median, 3),
            "seconds": [round(value, 3) for value in one.seconds],
        }
        for one in series
    ]
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": [round(x, 2) for x in os.getloadavg()],
    }
    document = {"taken": taken.isoformat(timespec="seconds"), "machine": machine, "results": results}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path
