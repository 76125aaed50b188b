"""The command that describes a log."""

from __future__ import annotations

from typing import Annotated

import typer

from leadtime.cli.options import Columns, DateOrder, LogFile, NamesFile, ObjectType, PathwayFile, Sheets, Until, Zone
from leadtime.cli.shared import pathway_of, read, say
from leadtime.errors import counted

__all__ = ["describe"]


def describe(
    log_file: LogFile,
    *,
    pathway_file: PathwayFile = None,
    columns: Columns = None,
    timezone: Zone = None,
    observed_until: Until = None,
    sheets: Sheets = None,
    date_order: DateOrder = None,
    object_type: ObjectType = None,
    names: NamesFile = None,
    rows: Annotated[int, typer.Option("--rows", help="How many lines a table", min=1)] = 15,
) -> None:
    """Describe a log: its size, its most frequent transitions and, with a pathway, what became of the cases."""
    from leadtime import lead_times, transitions, variants

    pathway = pathway_of(pathway_file)
    log = read(log_file, pathway, columns, timezone, observed_until, sheets, date_order, names, object_type=object_type)
    times = lead_times(log, pathway)
    frame = times.to_pandas()
    say(f"{counted(len(log), 'event')}, {counted(len(frame), 'case')}, {log.precision} precision")
    done = frame.loc[frame["status"] == "stopped", "lead_time_days"]
    if len(done):
        say(f"completed cases only (biased where cases are open): median {done.median():.1f} days, mean {done.mean():.1f}, n = {len(done)}")
    say("\nWhat became of the cases")
    say(str(times.flow))
    for title, table in (("Transitions", transitions(log)), ("Variants", variants(log))):
        lines = str(table).splitlines()
        say(f"\n{title} ({len(lines) - 1})")
        say("\n".join(lines[: rows + 1]))
