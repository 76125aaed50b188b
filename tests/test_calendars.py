"""Working time: slots of the week on the local clock, holidays, summer time, a calendar per unit; in numpy and in the engine alike."""

# ruff: noqa: DTZ001 - local clocks; the zone is the calendar's
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt
from leadtime.calendars import Calendar, working_days, working_hours

ZONE = "Europe/Stockholm"
OFFICE = Calendar(ZONE, "09-17", holidays="SE")
EPOCH = date(1970, 1, 1)


# --- the examples of the issue ------------------------------------------------------------------------------------------------------


def test_a_stockholm_summer_day_is_eight_hours() -> None:
    assert working_hours("2024-07-01 09:00", "2024-07-01 17:00", OFFICE) == 8
    assert working_hours("2024-07-01 00:00", "2024-07-02 00:00", OFFICE) == 8
    assert working_hours("2024-07-01 07:00Z", "2024-07-01 15:00Z", OFFICE) == 8


def test_easter_2024_is_16_hours_with_swedish_holidays_and_32_without() -> None:
    start, end = datetime(2024, 3, 28, 9), datetime(2024, 4, 2, 17)
    assert working_hours(start, end, OFFICE) == 16
    assert working_hours(start, end, Calendar(ZONE, "09-17")) == 32
    assert (working_days(start, end, OFFICE), working_days(start, end, Calendar(ZONE, "09-17"))) == (1, 3)


# --- slots and days off -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eve", [date(2024, 6, 21), date(2024, 12, 24), date(2024, 12, 31)])
def test_the_swedish_eves_are_off_in_fact_unless_the_law_alone_counts(eve: date) -> None:
    assert not OFFICE.is_working(eve)
    assert Calendar(ZONE, "09-17", holidays="SE", de_facto=False).is_working(eve)


def test_a_country_s_days_off_are_the_holidays_library_s() -> None:
    off = holidays.country_holidays("SE", years=range(2015, 2026), categories=("public", "de_facto"))
    first, last = (date(2015, 1, 1) - EPOCH).days, (date(2025, 12, 31) - EPOCH).days
    found = {EPOCH + timedelta(days=int(first + i)) for i in np.flatnonzero(OFFICE.days_off(first, last))}
    assert found == set(off)
    assert not Calendar("Europe/Berlin", "09-17", holidays="DE-BY").is_working(date(2025, 1, 6))
    assert Calendar("Europe/Berlin", "09-17", holidays="DE").is_working(date(2025, 1, 6))


def test_days_off_may_be_given_as_dates_and_the_calendar_is_a_value() -> None:
    given_days = (day for day in ["2024-07-02", date(2024, 7, 1)])
    own = Calendar(ZONE, "09-17", holidays=given_days)
    assert own == Calendar(ZONE, "09-17", holidays=[date(2024, 7, 1), date(2024, 7, 2)])
    assert working_days("2024-07-01", "2024-07-05", own) == 2


def test_a_day_may_have_several_slots_and_each_weekday_its_own() -> None:
    own = Calendar(ZONE, {"Monday": ["08:30-12:00", "13–16.15"], "saturday": "22-24"})
    assert own.week[0] == ((510, 720), (780, 975))
    assert working_hours("2024-07-01", "2024-07-08", own) == 3.5 + 3.25 + 2
    assert working_days("2024-07-01", "2024-07-08", own) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"zone": "Europe/Stokholm"}, "did you mean 'Europe/Stockholm'"), ({"slots": "17-09"}, "no stretch of a day"),
        ({"slots": "nine to five"}, "no stretch of a day"), ({"slots": "09-25"}, "no stretch of a day"),
        ({"slots": ["08-12", "11-17"]}, "overlap"), ({"slots": {"mondag": "09-17"}}, "did you mean 'monday'"),
        ({"holidays": "XX"}, "no such country"), ({"holidays": "DE-QQ"}, "no such part"), ({"holidays": ["midsummer"]}, "is no date"),
    ],
)  # fmt: skip
def test_a_calendar_that_makes_no_sense_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(lt.UsageError, match=said):
        Calendar(**({"zone": ZONE} | wrong))  # type: ignore[arg-type]


# --- summer time --------------------------------------------------------------------------------------------------------------------


def test_a_slot_over_the_change_of_clocks_lasts_as_long_as_it_does() -> None:
    nights = Calendar(ZONE, dict.fromkeys(["saturday", "sunday"], "00-06"))
    assert working_hours("2024-03-31 00:00", "2024-03-31 12:00", nights) == 5
    assert working_hours("2024-10-27 00:00", "2024-10-27 12:00", nights) == 7
    assert working_hours("2024-10-26 00:00", "2024-10-26 12:00", nights) == 6
    assert working_hours("2024-03-31 02:30", "2024-03-31 06:00", nights) == 2.5  # 02:30 doesn't exist; it is taken as 03:30
    assert working_hours("2024-10-27 02:30", "2024-10-27 06:00", nights) == 4.5  # the first of two


def test_a_slot_within_the_hour_that_is_left_out_has_no_time() -> None:
    assert working_hours("2024-03-31 00:00", "2024-03-31 12:00", Calendar(ZONE, {"sunday": ["02:15-02:45", "03-04"]})) == 1
    assert working_hours("2024-03-31 00:00", "2024-03-31 12:00", Calendar(ZONE, {"sunday": "01-02:30"})) == 1


def naive(start: datetime, end: datetime, calendar: Calendar, off: set[date]) -> int:
    """The minutes between two instants whose local clock lies in a slot of a day that isn't off."""
    zone, count, at = ZoneInfo(calendar.zone), 0, start
    while at < end:
        local = at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        if local.date() not in off and any(a <= minute < b for a, b in calendar.week[local.weekday()]):
            count += 1
        at += timedelta(minutes=1)
    return count


# Slots that begin and end outside the hours in which clocks change; there a slot's end is one instant only.
slots = st.lists(st.sampled_from(["00-01", "04-09:30", "10-12", "12-15:45", "16-24"]), max_size=4, unique=True)
weeks = st.dictionaries(
    st.sampled_from(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]), slots | st.just(["00-24"])
)
near_change = st.sampled_from([date(2024, 3, 29), date(2024, 10, 25), date(2024, 12, 30), date(2021, 6, 23)])


@given(
    weeks,
    near_change,
    st.integers(0, 3 * 1440),
    st.integers(0, 2 * 1440),
    st.sampled_from([ZONE, "UTC", "America/New_York"]),
    st.booleans(),
)
@settings(max_examples=60)
def test_working_hours_are_the_minutes_counted_one_by_one(
    week: dict[str, list[str]], day: date, begin: int, length: int, zone: str, swedish: bool  # noqa: FBT001
) -> None:  # fmt: skip
    calendar = Calendar(zone, week, holidays="SE" if swedish else None)
    off = set(holidays.country_holidays("SE", years=[2021, 2024, 2025], categories=("public", "de_facto"))) if swedish else set()
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=begin)
    end = start + timedelta(minutes=length)
    assert working_hours(start, end, calendar) * 60 == pytest.approx(naive(start, end, calendar, off), abs=1e-6)
    assert working_hours(end, start, calendar) == -working_hours(start, end, calendar)


@given(weeks, near_change, st.integers(-40, 40))
def test_working_days_are_numpys_business_days(week: dict[str, list[str]], day: date, length: int) -> None:
    calendar = Calendar(ZONE, week, holidays="SE")
    mask = [bool(slots) for slots in calendar.week]
    end = day + timedelta(days=length)
    if not any(mask):
        assert working_days(day, end, calendar) == 0
        return
    off = sorted(holidays.country_holidays("SE", years=range(2020, 2026), categories=("public", "de_facto")))
    first, last = min(day, end), max(day, end)
    expected = int(np.busday_count(first, last, weekmask=mask, holidays=off))
    assert working_days(first, last, calendar) == expected
    assert working_days(last, first, calendar) == -expected


def test_many_moments_are_taken_at_once_and_missing_ones_stay_missing() -> None:
    starts = pd.Series(pd.to_datetime(["2024-07-01 09:00", None, "2024-07-01 12:00"]))
    assert working_hours(starts, pd.Timestamp("2024-07-02 17:00"), OFFICE).tolist() == pytest.approx([16, np.nan, 13], nan_ok=True)
    zoned = starts.dt.tz_localize(ZONE)
    assert working_days(zoned, pd.Timestamp("2024-07-02 17:00", tz=ZONE), OFFICE).tolist() == pytest.approx([1, np.nan, 1], nan_ok=True)
    assert working_hours(np.array([], dtype="M8[us]"), np.array([], dtype="M8[us]"), OFFICE).tolist() == []


# --- in the engine ------------------------------------------------------------------------------------------------------------------


def log_of(*rows: tuple[str, str, str], zone: str | None = ZONE, **more: object) -> lt.EventLog:
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start"]).assign(**more)  # type: ignore[arg-type]
    return lt.read_log(frame, timezone=zone)


@given(
    weeks,
    st.lists(st.tuples(st.datetimes(datetime(2024, 3, 25), datetime(2024, 4, 8)), st.integers(0, 60 * 24 * 300)), min_size=1, max_size=20),
)
@settings(max_examples=8)
def test_the_engine_gives_what_numpy_does(week: dict[str, list[str]], spans: list[tuple[datetime, int]]) -> None:
    calendar = Calendar(ZONE, week, holidays="SE")
    rows = [
        (f"{i:02}", name, at.replace(microsecond=0).isoformat(sep=" "))
        for i, (begin, minutes) in enumerate(spans)
        for name, at in (("a", begin), ("b", begin + timedelta(minutes=minutes)))
    ]
    times = lt.lead_times(log_of(*rows))
    frame, kept = lt.working_time(times, calendar).to_pandas(), times.frame.sort("case_id").collect("pandas").to_native()
    sides = [pd.to_datetime(kept[f"{side}_us"], unit="us", utc=True) for side in ("start", "end")]
    np.testing.assert_allclose(frame["working_hours"].to_numpy(dtype=float), working_hours(*sides, calendar), atol=1e-9)
    np.testing.assert_array_equal(frame["working_days"].to_numpy(dtype=float), working_days(*sides, calendar))


def test_dates_have_working_days_but_no_false_hours() -> None:
    times = lt.lead_times(
        log_of(("a", "x", "2024-03-28"), ("a", "y", "2024-04-02"), ("b", "x", "2024-03-28 09:00"), ("b", "y", "2024-04-02"))
    )
    frame = lt.working_time(times, OFFICE).to_pandas()
    assert list(frame.columns) == ["case_id", "status", "lead_time_days", "calendar_days", "working_days", "working_hours"]
    assert frame["working_days"].tolist() == [1, 1]
    assert frame["working_hours"].isna().all()
    assert frame["calendar_days"].tolist() == [5, 5]


def test_each_unit_has_its_own_calendar() -> None:
    rows = [(case, name, at) for case in "abc" for name, at in (("x", "2024-07-05 12:00"), ("y", "2024-07-08 12:00"))]
    log = log_of(*rows, site=["north", "north", "south", "south", "east", "east"], unit=["A", "B", "B", "C", "A", "A"])
    week = {"north": Calendar(ZONE, "09-17"), "south": Calendar(ZONE, {"saturday": "10-14", "sunday": "10-14"})}
    frame = lt.working_time(lt.lead_times(log), week, by="site").to_pandas()
    assert frame["working_hours"].tolist() == pytest.approx([8, 8, np.nan], nan_ok=True)
    assert frame["working_days"].tolist()[:2] == [1, 2]
    assert pd.isna(frame["working_days"].tolist()[2])
    units = {"B": Calendar(ZONE, "09-17"), "C": Calendar(ZONE, "12-13")}
    found = lt.working_transitions(log, units, by="unit").to_pandas().set_index("target")
    assert found["mean_working_hours"].to_dict() == pytest.approx({"A": np.nan, "B": 8, "C": 1}, nan_ok=True)
    for wrong in ({"calendar": week}, {"calendar": OFFICE, "by": "site"}):
        with pytest.raises(lt.UsageError, match="by="):
            lt.working_time(lt.lead_times(log), **wrong)  # type: ignore[arg-type]
    with pytest.raises(lt.InputError, match="no column 'unit'"):
        lt.working_transitions(log_of(*rows), units)


def test_the_waiting_of_a_transition_is_counted_in_working_time_beside_its_days() -> None:
    rows = [
        ("a", "Referral", "2024-03-28 09:00"), ("a", "Visit", "2024-04-02 17:00"),
        ("b", "Referral", "2024-07-01 09:00"), ("b", "Visit", "2024-07-02 13:00"),
        ("c", "Referral", "2024-07-01"), ("c", "Visit", "2024-07-08"),
    ]  # fmt: skip
    row = lt.working_transitions(log_of(*rows), OFFICE).to_pandas().iloc[0]
    assert (row["n"], row["mean_working_days"], row["total_working_days"]) == (3, pytest.approx(7 / 3), 7)
    assert (row["mean_working_hours"], row["total_working_hours"]) == (14, 28)  # the dates know no hours
    plain = lt.transitions(log_of(*rows)).to_pandas().iloc[0]
    assert row["mean_days"] == pytest.approx(plain["mean_days"])


def test_a_default_date_far_away_has_no_working_time_and_fills_no_memory() -> None:
    times = lt.lead_times(log_of(("a", "x", "2024-07-01"), ("a", "y", "9999-12-31"), ("b", "x", "2024-07-01"), ("b", "y", "2024-07-02")))
    frame = lt.working_time(times, OFFICE).to_pandas()
    assert pd.isna(frame["working_days"].tolist()[0])
    assert frame["working_days"].tolist()[1] == 1


def test_working_time_is_known_from_1900_to_2100_and_of_every_day_of_the_log() -> None:
    rows = [
        ("a", "1899-12-31", "1900-01-10"),
        ("b", "1900-01-01", "1900-01-03"),
        ("c", "2100-12-29", "2100-12-31"),
        ("d", "2100-12-29", "2101-01-01"),
    ]
    log = log_of(*((case, name, day) for case, *days in rows for name, day in zip("xy", days, strict=True)))
    assert lt.working_time(lt.lead_times(log), OFFICE).to_pandas()["working_days"].fillna(-1).tolist() == [-1, 2, 2, -1]
    hours = [("a", "x", "1900-01-02 08:00"), ("a", "y", "1900-01-02 12:00"), ("b", "x", "2100-12-31 09:00"), ("b", "y", "2100-12-31 23:00")]
    frame = lt.working_time(lt.lead_times(log_of(*hours, zone="UTC")), Calendar("UTC", "09-17")).to_pandas()
    assert frame["working_hours"].tolist() == [3, 8]
    empty = lt.working_time(lt.lead_times(log_of(*hours, zone="UTC").filter(nw.col("case_id") == "none")), Calendar("UTC", "09-17"))
    assert empty.to_pandas().empty


def test_a_stop_before_the_middle_of_a_partial_start_has_no_working_days() -> None:
    pathway = lt.read_pathway({"name": "t", "start": "d", "stop": "h", "milestones": {"d": {"activities": "D"}, "h": {"activities": "H"}}})
    times = lt.lead_times(log_of(("a", "D", "2024-06"), ("a", "H", "2024-06-02")), pathway)
    frame = lt.working_time(times, OFFICE).to_pandas()
    assert (frame["working_days"].tolist(), frame["calendar_days"].tolist()) == ([0], [0])


def test_a_transition_between_events_that_overlap_has_no_working_time() -> None:
    log = log_of(("a", "x", "2024-07-01 09:00"), ("a", "y", "2024-07-01 10:00"), end=["2024-07-02 12:00", "2024-07-01 11:00"])
    row = lt.working_transitions(log, OFFICE).to_pandas().iloc[0]
    assert (row["total_working_days"], row["total_working_hours"]) == (0, 0)


def test_working_times_as_plain_values_have_a_row_a_case_and_excluded_ones_none() -> None:
    log = log_of(("a", "D", "2024-07-01"), ("a", "H", "2024-07-03"), ("b", "H", "2024-07-01"), ("c", "D", "2024-07-01"))
    pathway = lt.read_pathway({"name": "t", "start": "d", "stop": "h", "milestones": {"d": {"activities": "D"}, "h": {"activities": "H"}}})
    found = lt.working_time(lt.lead_times(log, pathway), OFFICE)
    assert found.to_dict()["cases"] == [
        {"case_id": case, "status": status, "lead_time_days": 2, "calendar_days": 2, "working_days": 2, "working_hours": None}
        for case, status in (("a", "stopped"), ("c", "still waiting"))
    ]


def test_several_slots_may_stand_in_one_text_with_commas_between() -> None:
    assert Calendar(ZONE, "08-12, 13:30-17").week == Calendar(ZONE, ["08-12", "13:30-17"]).week
    with pytest.raises(lt.UsageError, match="overlap"):
        Calendar(ZONE, "08-12,11-17")
