# Copyright: (c) 2026, Slipway contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets of a release, which nothing that is shown may hold (I/O)."""

from __future__ import annotations

from ..core.masking import Masker
from ..stack.secret_values import check_secrets, env_file_secrets, file_secrets, is_env_file, variable_secrets
from .record import ReleaseRecord
from .store import ReleaseStore


def release_masker(store: ReleaseStore, record: ReleaseRecord) -> Masker:
    """Return a masker that knows every secret of a release."""
    kept = store.folder_of(record.id)
    public = [record.version, record.stack, *record.images.values()]
    secrets = [*variable_secrets(kept.environment, public), *kept.secrets, *check_secrets(kept.gate.checks)]
    folder = store.files_folder(record.id)
    for file in record.files:
        if file.path in record.secret_files:
            secrets += file_secrets(file.path, (folder / file.path).read_text(errors="replace"))
        elif is_env_file(file.path):
            secrets += env_file_secrets((folder / file.path).read_text(errors="replace"), public)
    return Masker(secrets)
