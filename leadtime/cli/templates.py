"""The command that writes an empty workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadtime.cli.options import PathwayFile, Words
from leadtime.cli.shared import pathway_of

__all__ = ["template"]


def template(
    *,
    out: Annotated[Path, typer.Option("--out", help="The workbook to write")] = Path("leadtime_template.xlsx"),
    pathway_file: PathwayFile = None,
    language: Words = "sv",
) -> None:
    """Write an empty workbook for data entry, with drop-downs, an example row and a guide; `report` reads it back."""
    from leadtime.report.template import write_template

    write_template(out, pathway=pathway_of(pathway_file), language=language)
    typer.echo(f"Written: {out}")
