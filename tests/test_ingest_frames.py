"""Frames as analysts have them: columns of every type that pandas and Arrow make, and stand-in dates at the calendar's edges."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

import leadtime as lt

PATHWAY = lt.read_pathway({
    "name": "t", "start": "detection", "stop": "diagnosis",
    "milestones": {"detection": {"activities": ["D"]}, "diagnosis": {"activities": ["G"]}},
})  # fmt: skip
STARTS = ["2020-01-01", "2020-01-11", "2020-02-01", "2020-02-05"]


def frame(**more: Any) -> pd.DataFrame:
    return pd.DataFrame({"case_id": ["a", "a", "b", "b"], "activity": ["D", "G"] * 2, "start": STARTS} | more)


MONTHS = pd.period_range("2020-01", periods=4, freq="M")
STRANGE = {
    "a period": (MONTHS, ["2020-01", "2020-02", "2020-03", "2020-04"]),
    "a group of pd.cut": (pd.cut([1, 2, 3, 4], [0, 2, 4]), ["(0, 2]", "(0, 2]", "(2, 4]", "(2, 4]"]),
    "an interval": (pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3, 4]), ["(0, 1]", "(1, 2]", "(2, 3]", "(3, 4]"]),
    "a period as category": (pd.Categorical([MONTHS[0], None, MONTHS[1], MONTHS[1]]), ["2020-01", None, "2020-02", "2020-02"]),
    "a sparse number": (pd.arrays.SparseArray([0, 0, 1, 2]), ["0", "0", "1", "2"]),
    "a complex number": ([1j] * 4, ["1j"] * 4),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_column_of_a_type_that_the_engine_lacks_is_kept_as_text(name: str) -> None:
    values, texts = STRANGE[name]
    given = frame(age=values)
    kept = given.copy()
    log = lt.read_log(given)
    assert [None if pd.isna(text) else text for text in log.to_pandas().sort_values("row")["age"]] == texts
    pd.testing.assert_frame_equal(given, kept)


def test_periods_are_dates_to_the_month() -> None:
    with_months = lt.read_log(frame(start=MONTHS))
    pd.testing.assert_frame_equal(with_months.to_pandas(), lt.read_log(frame(start=MONTHS.astype(str))).to_pandas())


def test_a_missing_moment_among_objects_is_missing() -> None:
    days = [date(2020, 1, 1), pd.NaT, pd.Timestamp("2020-02-01"), None]
    log = lt.read_log(frame(start=pd.Series(days, dtype=object), end=pd.Series([pd.NaT, None, None, None], dtype=object)))
    assert (dict(log.quality.rejected_by_reason), log.precision) == ({"no start": 2}, "date")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Stockholm"])
def test_arrow_timestamps_of_every_unit_are_the_same_times(unit: str, zone: str | None) -> None:
    pa = pytest.importorskip("pyarrow", reason="needs pyarrow: pip install 'leadtime[frames]'")
    moments = pd.Series(pd.to_datetime(STARTS)).dt.tz_localize(zone)
    table = pa.Table.from_pandas(frame(start=moments, birth_date=moments)).cast(
        pa.schema(
            [
                ("case_id", pa.string()),
                ("activity", pa.string()),
                ("start", pa.timestamp(unit, zone)),
                ("birth_date", pa.timestamp(unit, zone)),
            ]
        )
    )
    read = lt.read_log(table, timezone="Europe/Stockholm").to_pandas()
    expected = lt.read_log(frame(start=moments, birth_date=moments), timezone="Europe/Stockholm").to_pandas()
    pd.testing.assert_frame_equal(read, expected, check_dtype=False)


@pytest.mark.parametrize("zone", [None, "Europe/Stockholm", "America/New_York", "Pacific/Auckland"])
def test_the_last_day_of_the_calendar_is_a_date_like_others(zone: str | None) -> None:
    """Registers write 9999-12-31 where an interval is still open."""
    log = lt.read_log(frame(end=["2020-01-02", "9999-12-31", None, "9999-12-31"]), timezone=zone)
    assert lt.lead_times(log, PATHWAY).to_pandas()["lead_time_days"].tolist() == [10, 4]
    assert "default-dates" in {finding.code for finding in lt.check_quality(log).findings}


@pytest.mark.parametrize("zone", [None, "Europe/Stockholm", "America/New_York"])
@pytest.mark.parametrize("until", ["9999-12-31", "9999-12-31 23:59:59", "9999-12-31T23:59:59Z"])
def test_observation_may_last_to_the_end_of_the_calendar(until: str, zone: str | None) -> None:
    times = lt.lead_times(lt.read_log(frame(), observed_until=until, timezone=zone), PATHWAY)
    assert times.to_pandas()["lead_time_days"].tolist() == [10, 4]


def test_the_year_0_stands_for_no_date() -> None:
    log = lt.read_log(frame(start=["0000-01-01", "0000-00-00", "2020-02-01", "2020-02-05"]))
    assert dict(log.quality.rejected_by_reason) == {"unreadable start": 2}
    clock = lt.read_log(frame(start=["0000-01-01 10:00", "0000-01-01T10:00:00Z", "2020-02-01 10:00", "1000-02-05 10:00"]))
    assert (clock.quality.rows_rejected, clock.quality.rows_kept) == (2, 2)
