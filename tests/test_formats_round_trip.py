"""Out and in again: a log written as XES, Parquet, CSV, a workbook or a table has the same events, to the microsecond."""

# ruff: noqa: DTZ001 - local clocks, as they stand in a file; the zone is the log's
from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

ENDINGS = [".csv", ".parquet", ".xes", ".xes.gz", ".xlsx"]
EVENT = ["case_id", "activity", "start_us", "end_us", "start_wall_us", "end_wall_us", "start_is_date", "end_is_date", "end_given"]
ZONES = ["Europe/Stockholm", "America/New_York", "UTC", None]
LIVE = [
    "=1+1",
    "'=1",
    "''@x",
    "+46 70",
    "-5",
    "-5,5",
    "@a",
    "\t=x",
    "#N/A",
    "_x0041_",
    "NA",
    "1",
    "2019-01-01",
    "a\nb",
    'a"b',
    "å;,&<>'",
    "x\r",
]


def again(log: lt.EventLog, ending: str, folder: Path) -> lt.EventLog:
    """The log, written and read."""
    if ending == "sql":
        engine = sqlalchemy.create_engine(f"sqlite:///{folder / 'log.db'}")
        try:
            lt.write_log(log, "events", connection=engine)
            return lt.read_log("events", connection=engine, timezone=log.timezone)
        finally:
            engine.dispose()
    lt.write_log(log, folder / f"log{ending}")
    return lt.read_log(folder / f"log{ending}", timezone=log.timezone)


def events(log: lt.EventLog, columns: list[str]) -> list[tuple[Any, ...]]:
    """The events with some columns as plain values; in XES they stand by case and time, so only the order of tied rows is kept."""
    frame = log.to_pandas().sort_values(["case_id", "start_us", "row"], kind="stable").reindex(columns=columns)
    return [tuple(row) for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False)]


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, dtype=object)


@pytest.mark.parametrize("ending", [*ENDINGS, "sql"])
def test_dates_clock_times_open_ends_and_attributes_come_back(ending: str, tmp_path: Path) -> None:
    rows = [
        {
            "case_id": "b",
            "activity": "Remiss",
            "start": "2019-03-05",
            "end": None,
            "unit": "BVC Å",
            "cohort": "före",
            "Anm": "=HYPERLINK(1)",
        },
        {
            "case_id": "a",
            "activity": "Besök",
            "start": "2019-10-27 02:30:00.123456",
            "end": "2019-10-27 03:30",
            "unit": None,
            "cohort": "efter",
        },
        {
            "case_id": "a",
            "activity": "Besök",
            "start": "2019-10-27 02:30:00.123456+01:00",
            "end": "2019-12-01",
            "unit": "BUP",
            "cohort": "efter",
        },
        {"case_id": "a", "activity": "Besök", "start": "2019-10-27", "end": "2019-10-27", "unit": "BUP", "cohort": "efter", "Anm": "'=x"},
    ]
    log = lt.read_log(
        frame(rows), timezone="Europe/Stockholm", cases=pd.DataFrame({"case_id": ["a", "b"], "birth_date": ["2015-01-02", None]})
    )
    back = again(log, ending, tmp_path)
    columns = [*EVENT, "unit", "cohort", "Anm"]
    assert events(back, columns) == events(log, columns)
    assert back.precision == log.precision == "mixed"
    times = lt.lead_times(back).to_pandas()
    pd.testing.assert_frame_equal(times[["case_id", "lead_time_days"]], lt.lead_times(log).to_pandas()[["case_id", "lead_time_days"]])
    assert back.to_pandas().set_index("case_id")["birth_date_wall_us"].dropna().unique().tolist() == [1_420_156_800_000_000]


TEXT = st.one_of(st.sampled_from(LIVE), st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=6))
NAME = st.one_of(st.sampled_from(["a", "NA", "=1", "ä b", "1"]), TEXT.filter(lambda text: bool(text.strip())))
CLOCK = st.datetimes(min_value=dt.datetime(1900, 1, 1), max_value=dt.datetime(2099, 12, 31))
TIME = st.one_of(
    st.sampled_from(["2019-03-31 02:30", "2019-10-27 02:30", "2019-10-27 02:30+02:00"]),
    CLOCK.map(str),
    st.dates(dt.date(1900, 1, 2), dt.date(2099, 12, 31)).map(str),
)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"case_id": NAME, "activity": NAME, "start": TIME, "end": st.none() | TIME, "unit": st.none() | NAME, "Anm": st.none() | TEXT}
    ),
    min_size=1,
    max_size=8,
)


@given(EVENTS, st.sampled_from(ZONES), st.sampled_from(["some", "clock", "date"]))
@settings(max_examples=8)
def test_any_events_come_back_to_the_microsecond(rows: list[dict[str, Any]], zone: str | None, precision: str) -> None:
    if precision != "some":
        cut = 10 if precision == "date" else 40
        rows = [
            row | {key: row[key] and (row[key][:cut] if cut == 10 else row[key].ljust(11) + "") for key in ("start", "end")} for row in rows
        ]
    try:
        log = lt.read_log(frame(rows), timezone=zone)
    except lt.InputError:
        return  # no row could be kept
    unwritable = any(
        (ord(character) < 32 and character not in "\t\n\r") or character in "\ufffe\uffff"
        for row in events(log, ["activity", "case_id", "unit", "Anm"])  # those kept
        for text in row
        for character in text or ""
    )
    with tempfile.TemporaryDirectory() as folder:
        for number, ending in enumerate([*ENDINGS, "sql"]):
            place = Path(folder) / str(number)
            place.mkdir()
            if unwritable and ending.startswith(".xes"):
                with pytest.raises(lt.InputError, match="control character"):
                    lt.write_log(log, place / f"log{ending}")
                continue
            columns = [*EVENT, "unit", *(["Anm"] if "Anm" in log.columns else [])]
            back = again(log, ending, place)
            assert blanks(events(back, columns)) == blanks(events(log, columns)), ending


def blanks(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """An empty text is no value in any file."""
    return [tuple(None if value == "" else value for value in row) for row in rows]
