"""`with_names`: a log whose activities, units or places are called otherwise, as a file of names says."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import narwhals as nw

from leadtime.columns import ROLES
from leadtime.errors import InputError, UsageError, checks_arguments, did_you_mean, one_line
from leadtime.log import EventLog

__all__ = ["with_names"]

Names = Mapping[str, Mapping[str, str]]
_FIXED = ("case_id", "start", "end", "row")


@checks_arguments
def with_names(log: EventLog, names: Names | str | os.PathLike[str]) -> EventLog:
    """Gives the log with values of its columns called otherwise, such as the names that `leadtime check --propose` puts forward.

    Args:
        log: the events.
        names: role to name to the name to use instead; or the path of a TOML file with a table a role (``[activity]``, ``[unit]``).

    Returns:
        A new log; names that aren't listed stay. Each name is replaced once, whatever the new name is.

    Raises:
        InputError: the file can't be read, or isn't of that form.
        UsageError: a role isn't one of the log's text columns.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "b"], "activity": ["Visit", "Visitt"], "start": ["2019-03-05"] * 2}))
    >>> lt.with_names(log, {"activity": {"Visitt": "Visit"}}).activities
    ('Visit',)
    """
    given = names if isinstance(names, Mapping) else _read(Path(names))
    schema = log.frame.collect_schema()
    frame = log.frame
    for role, pairs in given.items():
        if role not in ROLES or role in _FIXED or schema.get(role) != nw.String:
            there = [name for name in ROLES if schema.get(name) == nw.String and name not in _FIXED]
            raise UsageError(f"names has '{role}', which is no column of names in this log{did_you_mean(str(role), there)}")
        frame = _called(log, frame, role, pairs)
    replaced = sum(len(pairs) for pairs in given.values())
    choices = MappingProxyType({**log.provenance.choices, "names": f"{replaced} replaced"})
    return replace(log, frame=frame.select(*log.columns), provenance=replace(log.provenance, choices=choices))


def _called(log: EventLog, frame: nw.LazyFrame[Any], role: str, pairs: Mapping[str, str]) -> nw.LazyFrame[Any]:
    """The frame with the values of one column replaced, by way of a join with the few that are listed."""
    if not pairs:
        return frame
    table = log.session.from_rows(("from_name", "to_name"), list(pairs.items()), {"from_name": "VARCHAR", "to_name": "VARCHAR"})
    joined = frame.join(table, left_on=role, right_on="from_name", how="left")
    return joined.with_columns(nw.coalesce("to_name", role).alias(role)).drop("to_name")


def _read(path: Path) -> Names:
    """The names of a file."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"there is no file of names '{path}'; `leadtime check LOG --propose {path.name}` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' can't be read: {one_line(str(error))}") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name}: not valid TOML: {one_line(str(error))}") from None
    for role, pairs in content.items():
        if not isinstance(pairs, dict) or not all(isinstance(name, str) for name in pairs.values()):
            raise InputError(f'{path.name}: [{role}] must hold lines of the form "name" = "name to use instead"')
    return content
