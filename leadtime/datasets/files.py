"""Writes the sample folders; what is written is made of the study alone, so that a rebuild gives the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

from leadtime.datasets.messy import HEADERS, messy_sheets
from leadtime.datasets.readme import README
from leadtime.datasets.study import SyntheticStudy, mark_svenljunga
from leadtime.datasets.workbook import workbook_bytes
from leadtime.files import write_whole

__all__ = ["SAMPLE", "csv_text", "sample_files", "write_sample"]

SAMPLE = "mark_svenljunga"


def csv_text(study: SyntheticStudy) -> str:
    """Gives a study's events as CSV: comma, a Swedish header, ISO dates, empty where nothing is known.

    >>> from leadtime.datasets import mark_svenljunga
    >>> csv_text(mark_svenljunga(before=1, after=1)).splitlines()[0][:21]
    'Ärende,Händelse,Datum'
    """
    frame = study.events.rename(columns=dict(HEADERS))
    return str(frame.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d"))


def sample_files(study: SyntheticStudy) -> dict[str, bytes]:
    """Gives the content of each file of the sample folder by name."""
    return {
        "README.md": README.encode("utf-8"),
        "events.csv": csv_text(study).encode("utf-8"),
        "events_messy.xlsx": workbook_bytes(messy_sheets(study.events, seed=study.seed)),
        "pathway.toml": study.pathway_toml.encode("utf-8"),
    }


def write_sample(folder: str | os.PathLike[str], *, study: SyntheticStudy | None = None) -> tuple[Path, ...]:
    """Writes the sample into a folder, made if absent: events.csv, events_messy.xlsx, pathway.toml and README.md.

    Args:
        folder: where the files go.
        study: the study to write; the default one of `mark_svenljunga` where not given.

    Returns:
        The paths of the files written, in order of name.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in sample_files(study or mark_svenljunga()).items():
        path = target / name
        write_whole(path, content)
        paths.append(path)
    return tuple(paths)
