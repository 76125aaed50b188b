"""One program reads one file once: `python reads.py PROGRAM FILE [--without MODULE]` prints seconds of wall and CPU and its findings.

It prints JSON. The clock starts when everything is imported. What was found is the rows, the cases, the sum of the starts in seconds,
and the rows without a unit; it is asked for after the clock has stopped.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from typing import Any

Took = tuple[float, float]
Found = tuple[Took, dict[str, int]]


class Clock:
    """Seconds of wall and CPU since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def taken(self) -> Took:
        """Gives the seconds so far."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def with_leadtime(path: str) -> Found:
    """By leadtime: roles, dates, rows kept and rejected."""
    import narwhals as nw
    import pandas as pd

    import leadtime as lt

    lt.read_log(pd.DataFrame({"case_id": ["a"], "activity": ["b"], "start": ["2019-03-05"]}))  # loads what is loaded on first use
    clock = Clock()
    log = lt.read_log(path)
    taken = clock.taken()
    seconds = nw.col("start_us") // 1_000_000
    found = log.session.collect(
        log.frame.select(rows=nw.len(), cases=nw.col("case_id").n_unique(), starts=seconds.sum(), blank=nw.col("unit").is_null().sum())
    )
    return taken, {name: int(found[name].iloc[0]) for name in found.columns}


def with_duckdb(path: str) -> Found:
    """By DuckDB's own CSV reader, into a table, types found by itself."""
    import duckdb

    connection = duckdb.connect()
    clock = Clock()
    connection.execute("CREATE TABLE log AS SELECT * FROM read_csv(?)", [path])
    taken = clock.taken()
    query = """SELECT count(*), count(DISTINCT case_id), sum(epoch_us(start) // 1000000)::BIGINT, count(*) FILTER (unit IS NULL) FROM log"""
    row = connection.execute(query).fetchall()[0]
    return taken, dict(zip(("rows", "cases", "starts", "blank"), map(int, row), strict=True))


def with_pandas(path: str) -> Found:
    """By pandas, with the Excel library that leadtime takes too: calamine where it is installed."""
    import importlib

    import pandas as pd

    calamine = importlib.util.find_spec("python_calamine") is not None
    importlib.import_module("python_calamine" if calamine else "openpyxl")
    clock = Clock()
    frame = pd.read_excel(path, engine="calamine" if calamine else "openpyxl", keep_default_na=False, na_values=[""])
    taken = clock.taken()
    return taken, _of_frame(frame, case="case_id", start="start", unit="unit")


def with_pm4py(path: str) -> Found:
    """By pm4py's default reader of XES."""
    import pm4py

    clock = Clock()
    frame = pm4py.read_xes(path)
    taken = clock.taken()
    # A row is a step of an event's life there: of those with a start, the start's time is what counts.
    step, instance = frame["lifecycle:transition"], frame["concept:instance"]
    begun = frame[(step == "start") | ~instance.isin(instance[step == "start"])]
    found = _of_frame(frame[step == "complete"], case="case:concept:name", start="time:timestamp", unit="org:group")
    return taken, {**found, "starts": _seconds(begun["time:timestamp"])}


def _of_frame(frame: Any, *, case: str, start: str, unit: str) -> dict[str, int]:
    return {"rows": len(frame), "cases": frame[case].nunique(), "starts": _seconds(frame[start]), "blank": int(frame[unit].isna().sum())}


def _seconds(moments: Any) -> int:
    return int(moments.map(lambda moment: int(moment.timestamp())).sum())


PROGRAMS: dict[str, Callable[[str], Found]] = {
    "leadtime": with_leadtime, "duckdb": with_duckdb, "pandas": with_pandas, "pm4py": with_pm4py,
}  # fmt: skip


def hide(module: str) -> None:
    """Makes a module look as if it weren't installed, to whoever asks whether it is."""
    found = importlib.util.find_spec
    importlib.util.find_spec = lambda name, *rest: None if name == module else found(name, *rest)


if __name__ == "__main__":
    if sys.argv[3:4] == ["--without"]:
        hide(sys.argv[4])
    (wall, cpu), answers = PROGRAMS[sys.argv[1]](sys.argv[2])
    print(json.dumps({"wall": wall, "cpu": cpu, "answers": answers}))
