"""Writing a workbook as a whole or not at all."""

from __future__ import annotations

import os
from typing import Any

from leadtime.files import require_suffix, write_whole

__all__ = ["save_workbook"]


def save_workbook(book: Any, path: str | os.PathLike[str]) -> None:
    """Writes an openpyxl workbook as a whole or not at all, with the same bytes for the same content.

    Raises:
        UsageError: the name doesn't end in .xlsx.
        InputError: the folder isn't there, or the path is itself a folder.
        ResourceError: the file can't be written.
    """
    from leadtime.report.package import stable_bytes

    require_suffix(path, ".xlsx")
    write_whole(path, stable_bytes(book))
