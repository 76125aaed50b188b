"""A column of dates and a column of clock times, apart in the file, are one time of the event."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import leadtime as lt
from leadtime.errors import InputError, UsageError

DAYS = ["2019-03-05", "2019-03-06", "2019-03-07"]


def starts(log: lt.EventLog, side: str = "start") -> list[str]:
    """The local times of the events, a date without a clock time."""
    frame = log.to_pandas().sort_values("row")
    moments = [dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=int(us)) for us in frame[f"{side}_wall_us"]]  # noqa: DTZ001
    written = zip(moments, frame[f"{side}_is_date"], strict=True)
    return [moment.date().isoformat() if is_date else moment.isoformat(" ", "minutes") for moment, is_date in written]


def read(clocks: list[Any], *, day: str = "Datum", clock: str = "Tid", days: list[Any] | None = None, **options: Any) -> lt.EventLog:
    """A frame's log of as many events as there are clock times."""
    frame = pd.DataFrame({"Ärende": "a", "Händelse": "Besök", day: (days or DAYS)[: len(clocks)], clock: clocks})
    return lt.read_log(frame, timezone="Europe/Stockholm", **options)


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("Datum", "Tid"), ("Datum", "Klockslag"), ("Datum", "Kl."), ("Date", "Time"), ("Startdatum", "Starttid"), ("start", "time"),
        ("Besöksdatum", "Tidpunkt"), ("Start date", "Start time"), ("Datum", "Från"),
    ],
)  # fmt: skip
def test_a_day_and_a_clock_time_are_one_start_and_that_is_told(day: str, clock: str) -> None:
    log = read(["09:30", "14:05", "08:00"], day=day, clock=clock)
    assert starts(log) == ["2019-03-05 09:30", "2019-03-06 14:05", "2019-03-07 08:00"]
    assert log.roles["start"] == f"{day} + {clock}"
    told = next(finding for finding in log.quality.findings if finding.code == "joined-clock")
    assert told.message == f"the start is read from '{day} + {clock}', a column of days and one of clock times"
    assert not {day, clock} & set(log.columns)


@pytest.mark.parametrize(
    "clocks",
    [
        ["9:30", "14:05", "8:00"], ["kl. 9.30", "kl 14.05", "kl 8:00"], ["09.30", "14.05", "08.00"], ["0930", "1405", "0800"],
        [930, 1405, 800], ["09:30:00", "14:05:00", "08:00:00"], [dt.time(9, 30), dt.time(14, 5), dt.time(8)],
        [9.5 / 24, 845 / 1440, 8 / 24], ["0,3958333333", "0,5868055556", "0,3333333333"], ["9:30 AM", "2:05 pm", "8:00 am"],
        [pd.Timedelta(hours=9, minutes=30), pd.Timedelta(hours=14, minutes=5), pd.Timedelta(hours=8)],
        ["1899-12-30 09:30:00", "1899-12-30 14:05:00", "1899-12-30 08:00:00"],
    ],
)  # fmt: skip
def test_clock_times_are_read_in_every_common_spelling(clocks: list[Any]) -> None:
    assert starts(read(clocks)) == ["2019-03-05 09:30", "2019-03-06 14:05", "2019-03-07 08:00"]


def test_a_missing_clock_time_leaves_the_date_and_one_that_is_none_rejects_its_row() -> None:
    log = read(["09:30", None, "24:00", "-", "okänt"], days=[*DAYS, "2019-03-08", "2019-03-09"])
    assert starts(log) == ["2019-03-05 09:30", "2019-03-06", "2019-03-08"]
    assert log.precision == "mixed"
    assert [(row["column"], row["value"]) for row in log.rejected.records()] == [
        ("Datum + Tid", "2019-03-07 24:00"),
        ("Datum + Tid", "2019-03-09 okänt"),
    ]


def test_days_written_with_an_empty_clock_or_in_another_way_are_joined_too() -> None:
    assert starts(read(["09:30", "14:05"], days=["2019-03-05 00:00:00", "2019-03-06T00:00"])) == ["2019-03-05 09:30", "2019-03-06 14:05"]
    assert starts(read(["09:30", "14:05"], days=pd.to_datetime(DAYS[:2]).tolist())) == ["2019-03-05 09:30", "2019-03-06 14:05"]
    assert starts(read(["09:30", "14:05"], days=["5 mars 2019", "6/3 2019"])) == ["2019-03-05 09:30", "2019-03-06 14:05"]


def ended(tmp_path: Path, header: str, row: str) -> lt.EventLog:
    path = tmp_path / "log.csv"
    path.write_text(f"Ärende;Händelse;{header}\na;Besök;{row}\n", encoding="utf-8")
    return lt.read_log(path, timezone="Europe/Stockholm")


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Startdatum;Starttid;Slutdatum;Sluttid", "2019-03-05;09:30;2019-03-05;11:00"),
        ("Start date;Start time;End date;End time", "2019-03-05;09:30;2019-03-05;11:00"),
        ("Datum;Starttid;Sluttid", "2019-03-05;09:30;11:00"),
        ("Datum;Från;Till", "2019-03-05;09:30;11:00"),
    ],
)
def test_an_end_has_its_own_day_or_that_of_the_start(tmp_path: Path, header: str, row: str) -> None:
    log = ended(tmp_path, header, row)
    assert (starts(log), starts(log, "end")) == (["2019-03-05 09:30"], ["2019-03-05 11:00"])
    assert [finding.code for finding in log.quality.findings].count("joined-clock") == 2


def test_excel_s_own_days_and_clock_times_are_joined(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (
        ["Ärende", "Händelse", "Datum", "Tid"],
        ["a", "Besök", dt.date(2019, 3, 5), dt.time(9, 30)],
        ["a", "Besök", dt.date(2019, 3, 6), None],
    ):
        book.active.append(row)
    book.save(tmp_path / "log.xlsx")
    assert starts(lt.read_log(tmp_path / "log.xlsx")) == ["2019-03-05 09:30", "2019-03-06"]


def test_the_caller_decides_by_naming_both_or_one() -> None:
    both = read(["09:30", "14:05"], day="Dag", clock="Kom", columns={"start": "dag + Kom"})
    assert (starts(both), both.roles["start"]) == (["2019-03-05 09:30", "2019-03-06 14:05"], "Dag + Kom")
    assert "joined-clock" not in {finding.code for finding in both.quality.findings}
    one = read(["09:30", "14:05"], columns={"start": "Datum"})
    assert (starts(one), "Tid" in one.columns) == (["2019-03-05", "2019-03-06"], True)
    with pytest.raises(InputError, match=r"no column 'Tidd' in the frame \(columns\[\"start\"\]\); did you mean 'Tid'\?"):
        read(["09:30"], columns={"start": "Datum + Tidd"})
    with pytest.raises(UsageError, match=r"give the header as text; a day and its clock time as 'Datum \+ Tid'"):
        read(["09:30"], columns={"start": ["Datum", "Tid"]})


def test_a_header_with_a_plus_is_a_header_of_its_own() -> None:
    log = read(["x", "y"], day="Datum + Tid", clock="Not", columns={"start": "Datum + Tid"})
    assert (starts(log), "Not" in log.columns) == (["2019-03-05", "2019-03-06"], True)


def test_two_columns_of_clock_times_for_one_day_are_an_error_that_lists_them() -> None:
    frame = pd.DataFrame({"Ärende": ["a"], "Händelse": ["x"], "Datum": ["2019-03-05"], "Tid": ["09:30"], "Klockslag": ["10:30"]})
    with pytest.raises(
        InputError, match=r"'Tid' and 'Klockslag' in the frame could each be the clock time of 'Datum'; choose with .*Datum \+ Tid"
    ):
        lt.read_log(frame)


def test_what_is_no_clock_time_is_left_alone() -> None:
    for values in (["0:45", "1:30"], ["45 min", "1 h"], ["1.50", "2.25"], [45, 120]):  # how long, not when
        with pytest.raises(InputError, match="'Datum' and 'Tid' in the frame could each be start"):
            read(values)
        assert starts(read(values, clock="Klockslag")) == ["2019-03-05", "2019-03-06"]


def test_a_start_with_its_clock_needs_no_other() -> None:
    log = read(["09:30", "14:05"], days=["2019-03-05 09:30", "2019-03-06 14:05"])
    assert (starts(log), log.roles["start"], "Tid" in log.columns) == (["2019-03-05 09:30", "2019-03-06 14:05"], "Datum", True)


@pytest.mark.parametrize("clock", ["Statustid", "Klockslag"])
def test_the_date_of_a_status_has_its_clock_time_too(clock: str) -> None:
    log = lt.read_log(pd.DataFrame([["1", "Klar", "2020-01-01", "10:30"]], columns=["Ärende", "Status", "Statusdatum", clock]))
    assert (log.precision, log.roles["start"], log.activities) == ("clock", f"Statusdatum + {clock}", ("Klar",))
