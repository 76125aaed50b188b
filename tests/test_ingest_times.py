"""Times: dates are not midnights, the zone's clock is kept, and an offset in the text wins."""

# ruff: noqa: DTZ001 - local clocks, as they stand in a file; the zone is the log's
from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import leadtime as lt

EPOCH = dt.datetime(1970, 1, 1)
DAY = 86_400_000_000


def frame_of(starts: Any, **more: Any) -> pd.DataFrame:
    return pd.DataFrame({"case_id": ["a"] * len(starts), "activity": ["x"] * len(starts), "start": starts, **more})


def micros(value: dt.datetime) -> int:
    return (value - EPOCH) // dt.timedelta(microseconds=1)


def codes(log: lt.EventLog) -> dict[str, int]:
    return {finding.code: finding.count for finding in log.quality.findings}


@pytest.mark.parametrize(
    ("text", "wall", "is_date"),
    [
        ("2019-03-05", dt.datetime(2019, 3, 5), True),
        ("2019/03/05", dt.datetime(2019, 3, 5), True),
        ("20190305", dt.datetime(2019, 3, 5), True),
        ("5 mars 2019", dt.datetime(2019, 3, 5), True),
        ("14/3 2019", dt.datetime(2019, 3, 14), True),
        ("2019-03-05 00:00", dt.datetime(2019, 3, 5), False),
        ("2019-03-05T08:30", dt.datetime(2019, 3, 5, 8, 30), False),
        ("2019/03/05 08:30:15", dt.datetime(2019, 3, 5, 8, 30, 15), False),
        ("2019-03-05 08:30:15,25", dt.datetime(2019, 3, 5, 8, 30, 15, 250_000), False),
        ("2019-03-05 08:30:15.123456789", dt.datetime(2019, 3, 5, 8, 30, 15, 123_456), False),
        ("2019-03-05T07:30:00Z", dt.datetime(2019, 3, 5, 8, 30), False),
        ("2019-03-05 09:30:00 +02:00", dt.datetime(2019, 3, 5, 8, 30), False),
        ("2019-03-05 02:30:00.5-0500", dt.datetime(2019, 3, 5, 8, 30, 0, 500_000), False),
        ("1968-03-05 08:30", dt.datetime(1968, 3, 5, 8, 30), False),
        ("1700-03-05", dt.datetime(1700, 3, 5), True),
    ],
)
def test_a_spelling_is_a_date_or_an_instant_on_the_local_clock(text: str, wall: dt.datetime, is_date: bool) -> None:  # noqa: FBT001 - a case's own column
    row = lt.read_log(frame_of([text]), timezone="Europe/Stockholm").to_pandas().iloc[0]
    assert (row["start_wall_us"], row["start_is_date"]) == (micros(wall), is_date)
    assert row["end_wall_us"] == row["start_wall_us"]
    assert not row["end_given"]


ZONES = ("Europe/Stockholm", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "UTC")


@given(st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2037, 12, 31)), st.sampled_from(ZONES))
@example(dt.datetime(2019, 10, 27, 2, 30), "Europe/Stockholm")
@example(dt.datetime(2019, 3, 31, 2, 30), "Europe/Stockholm")
@example(dt.datetime(2011, 12, 30, 12), "Pacific/Apia")  # a day that was left out
@example(dt.datetime(2019, 4, 7, 1, 45), "Australia/Lord_Howe")  # half an hour twice
def test_local_clock_to_instant_agrees_with_pythons_zones(local: dt.datetime, zone: str) -> None:
    there = ZoneInfo(zone)
    instant = local.replace(tzinfo=there, fold=0).astimezone(dt.UTC)  # the first of two; forward by the gap
    back = instant.astimezone(there).replace(tzinfo=None)
    row = lt.read_log(frame_of([local.isoformat(sep=" ", timespec="microseconds")]), timezone=zone).to_pandas().iloc[0]
    assert row["start_us"] == micros(instant.replace(tzinfo=None))
    assert row["start_wall_us"] == micros(back)


def test_times_at_a_change_of_clock_are_counted() -> None:
    starts = ["2019-10-27 02:30", "2019-03-31 02:30", "2019-10-27 02:30+01:00", "2019-10-27", "2019-07-01 02:30"]
    log = lt.read_log(frame_of(starts), timezone="Europe/Stockholm")
    found = codes(log)
    assert (found["twice-occurring-time"], found["skipped-time"]) == (1, 1)
    walls = log.to_pandas()["start_wall_us"].tolist()
    assert walls[1] == micros(dt.datetime(2019, 3, 31, 3, 30))
    assert walls[2] == micros(dt.datetime(2019, 10, 27, 2, 30))


def test_a_date_is_its_days_start_on_the_local_clock() -> None:
    row = lt.read_log(frame_of(["2019-07-01"]), timezone="Europe/Stockholm").to_pandas().iloc[0]
    assert row["start_wall_us"] == micros(dt.datetime(2019, 7, 1))
    assert row["start_us"] == micros(dt.datetime(2019, 6, 30, 22))


def test_without_a_zone_clock_times_stand_as_utc_and_quality_says_so() -> None:
    log = lt.read_log(frame_of(["2019-07-01 10:00", "2019-07-01 10:00+02:00", "2019-07-02"]))
    instants = [dt.datetime(2019, 7, 1, 10), dt.datetime(2019, 7, 1, 8), dt.datetime(2019, 7, 2)]
    assert log.to_pandas()["start_us"].tolist() == [micros(instant) for instant in instants]
    assert codes(log)["no-timezone"] == 1
    assert "no-timezone" not in codes(lt.read_log(frame_of(["2019-07-01 10:00"]), timezone="UTC"))


@pytest.mark.parametrize("last", ["2019-03-06 00:00:00", "2019-03-06 00:00:01"])
def test_a_column_of_midnights_holds_dates_unless_one_has_a_clock_time(last: str, tmp_path: Path) -> None:
    starts = pd.to_datetime(["2019-03-05 00:00:00", last])
    dates = last.endswith("00:00:00")
    frame_of(starts).to_parquet(tmp_path / "log.parquet")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["case_id", "activity", "start"], *(["a", "x", start.to_pydatetime()] for start in starts), ["a", "x", "2019-03-07"]):
        sheet.append(row)
    book.save(tmp_path / "log.xlsx")
    for source in (frame_of(starts), frame_of(starts.astype(object)), tmp_path / "log.parquet", tmp_path / "log.xlsx"):
        log = lt.read_log(source)
        assert log.to_pandas()["start_is_date"].tolist()[:2] == [dates, dates]
        assert ("midnight-dates" in codes(log)) == dates


def test_text_at_midnight_is_an_instant() -> None:
    assert lt.read_log(frame_of(["2019-03-05 00:00:00", "2019-03-06 00:00:00"])).precision == "clock"


def test_a_frame_with_a_zone_holds_instants() -> None:
    starts = pd.to_datetime(["2019-07-01 00:00"]).tz_localize("Europe/Helsinki")
    row = lt.read_log(frame_of(starts), timezone="Europe/Stockholm").to_pandas().iloc[0]
    assert (row["start_is_date"], row["start_wall_us"]) == (False, micros(dt.datetime(2019, 6, 30, 23)))


def test_the_order_of_day_and_month_is_decided_once_a_column() -> None:
    day = micros(dt.datetime(2019, 4, 3))
    log = lt.read_log(frame_of(["03/04/2019", "25/04/2019"]))
    assert log.to_pandas()["start_us"].tolist()[0] == day
    assert log.provenance.choices["date_order of 'start'"] == "dmy"
    assert lt.read_log(frame_of(["03/04/2019"]), date_order="mdy").to_pandas()["start_us"].tolist() == [micros(dt.datetime(2019, 3, 4))]
    with pytest.raises(lt.InputError, match=r"'start'.*ambiguous.*03/04/2019.*date_order"):
        lt.read_log(frame_of(["03/04/2019", "05/06/2019"]))


def test_dates_of_cases_become_three_columns_and_unreadable_ones_are_counted() -> None:
    log = lt.read_log(frame_of(["2019-01-01", "2019-01-02"], birth_date=["2015-03-01", "spring"], last_observed=["2020-01-01 12:00", None]))
    frame = log.to_pandas()
    assert frame["birth_date_wall_us"].tolist()[0] == micros(dt.datetime(2015, 3, 1))
    assert pd.isna(frame["birth_date_us"]).tolist() == [False, True]
    assert (frame["birth_date_is_date"].tolist()[0], frame["last_observed_is_date"].tolist()[0]) == (True, False)
    assert pd.isna(frame["last_observed_is_date"].tolist()[1])
    assert codes(log)["unreadable-case-date"] == 1
    assert len(log) == 2


@pytest.mark.parametrize("role", ["start", "birth_date"])
@pytest.mark.parametrize(
    "texts",
    [
        ["2021-15-06", "2021-03-04", "2021-30-01"],
        ["2021/15/06", "2021/03/04"],
        ["20211506", "20210304"],
        ["2021-15-06 08:00", "2021-03-04 08:00"],
        ["2021-15-06", "2021-30-01", "2021-03-04", "2021-03-24"],
    ],
)
def test_a_column_that_tells_the_day_before_the_month_is_refused(role: str, texts: list[str]) -> None:
    frame = frame_of(["2021-12-01"] * len(texts), **{role: texts}) if role != "start" else frame_of(texts)
    with pytest.raises(lt.InputError, match=f"column '{role}': .* has its day before its month, .* write them as year, month, day"):
        lt.read_log(frame)


@pytest.mark.parametrize(
    "texts", [["2021-15-06", "2021-03-04", "2021-03-24"], ["2021-13-01T00:00:00Z", "2021-01-01T00:00:00Z", "2021-02-01T00:00:00Z"]]
)
def test_a_slip_among_dates_that_tell_their_order_is_a_rejected_row(texts: list[str]) -> None:
    log = lt.read_log(frame_of(texts))
    assert log.quality.rejected_by_reason == {"unreadable start": 1}


@pytest.mark.parametrize(
    ("given", "us", "is_date"),
    [
        ("2020-07-31", micros(dt.datetime(2020, 7, 30, 22)), True),
        ("20200731", micros(dt.datetime(2020, 7, 30, 22)), True),
        (dt.date(2020, 7, 31), micros(dt.datetime(2020, 7, 30, 22)), True),
        ("2020-07-31 12:00", micros(dt.datetime(2020, 7, 31, 10)), False),
        ("2020-07-31T12:00Z", micros(dt.datetime(2020, 7, 31, 12)), False),
        (dt.datetime(2020, 7, 31, 12), micros(dt.datetime(2020, 7, 31, 10)), False),
        (pd.Timestamp("2020-10-25 02:30"), micros(dt.datetime(2020, 10, 25, 0, 30)), False),
    ],
)
def test_the_end_of_observation_is_a_date_or_an_instant(given: Any, us: int, is_date: bool) -> None:  # noqa: FBT001 - a case's own column
    moment = lt.read_log(frame_of(["2019-01-01"]), timezone="Europe/Stockholm", observed_until=given).observed_until
    assert moment is not None
    assert (moment.us, moment.is_date) == (us, is_date)
    assert moment.wall_us == us + 2 * 3_600_000_000  # summer time throughout, and the first of two at the change


@pytest.mark.parametrize(
    "text", ["2019-01-01 24:00", "2019-01-01T24:00:00", "2019-01-01 24:00:00+01:00", "1/1 2019 24:00", "20190101 24:00"]
)
def test_there_is_no_hour_24_in_any_spelling_or_format(text, tmp_path):
    rows = pd.DataFrame({"case_id": ["a", "a"], "activity": ["x", "y"], "start": [text, "2019-03-01 10:00"]})
    rows.to_csv(tmp_path / "log.csv", index=False)
    rows.to_excel(tmp_path / "log.xlsx", index=False)
    for source in (rows, tmp_path / "log.csv", tmp_path / "log.xlsx"):
        log = lt.read_log(source)
        assert [(row["value"], row["reason"]) for row in log.rejected.records()] == [(text, "unreadable start")]
        assert len(log) == 1


@pytest.mark.parametrize(
    "text", ["2019-01-05 08:00-09:00", "2019-01-05 08:00 -09:00", "5/1 2019 8:00-9:00", "20190105 0800-0900", "2019-01-05 08:00-12"]
)
def test_a_span_of_time_is_no_offset_from_utc(text, tmp_path):
    rows = pd.DataFrame({"case_id": ["a", "a"], "activity": ["x", "y"], "start": [text, "2019-03-01 10:00"]})
    rows.to_csv(tmp_path / "log.csv", index=False)
    for source in (rows, tmp_path / "log.csv"):
        log = lt.read_log(source)
        assert [(row["value"], row["reason"]) for row in log.rejected.records()] == [(text, "unreadable start")]


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2019-01-05 08:00:00-05:00", 13),
        ("2019-01-05T08:00-05:00", 13),
        ("2019-01-05 08:00+01:00", 7),
        ("2019-01-05 08:00Z", 8),
        ("20190105T0800-0500", 13),
    ],
)
def test_an_offset_as_programs_write_it_counts(text, hour):
    row = lt.read_log(frame_of([text]), timezone="Europe/Stockholm").to_pandas().iloc[0]
    assert row["start_us"] == micros(dt.datetime(2019, 1, 5, hour))
