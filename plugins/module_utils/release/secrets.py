# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets of a release, which nothing that is shown may hold (I/O)."""

from __future__ import annotations

from ..core.masking import Masker, dotenv_values, secret_values
from .record import ReleaseRecord
from .store import ReleaseStore


def release_masker(store: ReleaseStore, record: ReleaseRecord) -> Masker:
    """Return a masker that knows every secret of a release."""
    kept = store.folder_of(record.id)
    secrets: list[str] = secret_values(kept.environment, list(record.images.values()))
    folder = store.files_folder(record.id)
    for file in record.files:
        if file.path in record.secret_files:
            secrets.append((folder / file.path).read_text(errors="replace"))
        elif file.path.endswith(".env") or file.path.rpartition("/")[2].startswith(".env"):
            secrets += dotenv_values((folder / file.path).read_text(errors="replace"))
    for check in kept.gate.checks:
        secrets += [str(value) for value in (check.get("headers") or {}).values()]
    return Masker(secrets)
