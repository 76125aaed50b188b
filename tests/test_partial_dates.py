"""Dates not known to the day: kept with their bounds from file to lead time (DEFINITIONS 1.4); what custom decides is declared."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt
from leadtime.durations import DateRules, PartialDate, parse_date, read_dates

DAY_US = 86_400_000_000
PATHWAY = {
    "name": "test",
    "start": "detection",
    "stop": ["diagnosis"],
    "milestones": {"detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}},
    "exits": {"moved": {"activities": ["Moved"]}},
}


def log_of(*rows: tuple[str, str, str], zone: str | None = None, **more: object) -> lt.EventLog:
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start"]).assign(**more)  # type: ignore[arg-type]
    return lt.read_log(frame, observed_until="2022-12-31", timezone=zone)


def days(start: str, stop: str, zone: str | None = None) -> tuple[object, object, object]:
    log = log_of(("a", "Detected", start), ("a", "Diagnosis", stop), zone=zone)
    row = lt.lead_times(log, lt.read_pathway(PATHWAY)).to_pandas().iloc[0]
    assert row["status"] == "stopped"
    return row["lower_days"], row["lead_time_days"], row["upper_days"]


# --- bounds -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        ("2019-03-05", "2019-03-08", (3, 3, 3)),
        ("2019-08-15", "aug 2019", (0, 1, 16)),  # 16 August is August's middle
        ("aug 2019", "2019-08-10", (0, 0, 9)),
        ("augusti 2019", "aug 2019", (0, 0, 30)),
        ("vår 2022", "2022-12-01", (184, 229.5, 275)),  # March to May has 92 days, so its middle is a noon
        ("v 10 2021", "2021-04", (18, 35.5, 53)),
        ("2014-02-19", "årsskiftet 2022/2023", (3221, 3236.5, 3252)),
        ("220701-221130", "vinter 2022", (1, 121.5, 242)),
    ],
)
def test_the_lead_time_has_bounds_and_lies_between_the_middles(start: str, stop: str, expected: tuple[float, float, float]) -> None:
    assert parse_date(stop).days_since(parse_date(start)) == lt.durations.DaySpan(int(expected[0]), expected[1], int(expected[2]))
    if "2022" not in stop[-4:]:  # the others end after the observation
        assert days(start, stop) == expected


def test_a_clock_time_beside_a_partial_date_counts_as_its_day() -> None:
    assert days("vår 2022", "2022-12-01 23:59", zone="Europe/Stockholm") == (184, 229.5, 275)


@st.composite
def spans(draw: st.DrawFn) -> PartialDate:
    first = draw(st.dates(date(2015, 1, 1), date(2015, 3, 1)))
    return PartialDate(first, first + timedelta(days=draw(st.integers(0, 12))))


@given(spans(), spans())
def test_the_bounds_hold_every_pair_of_days_and_are_reached(start: PartialDate, stop: PartialDate) -> None:
    def each(span: PartialDate) -> list[date]:
        return [span.earliest + timedelta(days=i) for i in range((span.latest - span.earliest).days + 1)]

    found = [(b - a).days for a in each(start) for b in each(stop)]
    got = stop.days_since(start)
    assert (got.lower, got.upper) == (max(0, min(found)), max(found))
    assert got.point == max(0.0, sum(found) / len(found))  # the mean of all pairs is the difference of the middles
    assert stop.at_or_after(start) == (max(found) >= 0)


def written(span: PartialDate) -> str:
    return str(span)  # "2015-01-03 to 2015-01-05"


@given(st.lists(st.tuples(spans(), spans()), min_size=1, max_size=8))
@settings(max_examples=8)
def test_the_engine_computes_what_the_values_do(pairs: list[tuple[PartialDate, PartialDate]]) -> None:
    rows = [row for i, (a, b) in enumerate(pairs) for row in ((f"{i}", "Detected", written(a)), (f"{i}", "Diagnosis", written(b)))]
    frame = lt.lead_times(log_of(*rows), lt.read_pathway(PATHWAY)).to_pandas().set_index("case_id")
    for i, (start, stop) in enumerate(pairs):
        row = frame.loc[f"{i}"]
        if not stop.at_or_after(start):
            assert row["excluded_because"] == "stopped before start"
            continue
        span = stop.days_since(start)
        assert (row["lower_days"], row["lead_time_days"], row["upper_days"]) == (span.lower, span.point, span.upper)


# --- in the log ---------------------------------------------------------------------------------------------------------------------


def test_partial_dates_are_kept_and_their_share_is_told() -> None:
    log = log_of(("a", "Detected", "aug 2019"), ("a", "Diagnosis", "2020-01-31"), ("b", "Detected", "2019-01-01"), ("b", "Moved", "2020"))
    assert log.quality.rows_rejected == 0
    finding = next(each for each in log.quality.findings if each.code == "partial-dates")
    assert (finding.count, finding.of, finding.severity) == (2, 4, "warning")


def test_only_a_log_with_partial_dates_has_columns_of_bounds() -> None:
    assert "start_lower_wall_us" not in log_of(("a", "Detected", "2019-08-01")).columns
    log = log_of(("a", "Detected", "aug 2019"), ("a", "Diagnosis", "2020-01-31"))
    row, full = (log.to_pandas().iloc[i] for i in (0, 1))
    first, last = ((date(2019, 8, day) - date(1970, 1, 1)).days * DAY_US for day in (1, 31))
    assert (row["start_lower_wall_us"], row["start_wall_us"], row["start_upper_wall_us"]) == (first, first + 15 * DAY_US, last)
    assert row["start_is_date"]
    assert full["start_lower_wall_us"] == full["start_wall_us"] == full["start_upper_wall_us"]
    assert full["end_lower_wall_us"] == full["end_upper_wall_us"] == full["end_wall_us"]


def test_an_end_that_may_lie_before_the_start_is_kept_and_one_that_must_is_not() -> None:
    frame = pd.DataFrame({"case_id": ["a", "b"], "activity": ["x", "x"], "start": ["2019-08-15"] * 2, "end": ["aug 2019", "juli 2019"]})
    log = lt.read_log(frame)
    assert log.quality.rejected_by_reason == {"end before start": 1}
    row = lt.lead_times(log).to_pandas().iloc[0]
    assert (row["lower_days"], row["lead_time_days"], row["upper_days"]) == (0, 1, 16)


def test_no_time_passes_within_one_event_however_little_is_known_of_its_day() -> None:
    row = lt.lead_times(log_of(("a", "x", "2019"), ("b", "x", "2019-01-01"))).to_pandas().iloc[0]
    assert (row["lower_days"], row["lead_time_days"], row["upper_days"]) == (0, 0, 0)


def test_an_open_case_and_a_leaver_have_bounds_too() -> None:
    rows = [("a", "Detected", "feb 2022"), ("b", "Detected", "2022-01-01"), ("b", "Moved", "mars 2022"), ("c", "Detected", "2022-01-01")]
    log = log_of(*rows, exit_date=["", "", "", "vår 2022"])
    frame = lt.lead_times(log, lt.read_pathway(PATHWAY)).to_pandas()
    assert frame["status"].tolist() == ["still waiting", "left", "left"]
    assert frame[["lower_days", "lead_time_days", "upper_days"]].to_numpy().tolist() == [
        [306, 319.5, 333],
        [59, 74, 89],
        [59, 104.5, 150],
    ]
    assert {each.code: each.count for each in log.quality.findings}["partial-case-dates"] == 1


def test_a_date_of_a_case_is_taken_in_its_middle() -> None:
    log = log_of(("a", "Detected", "2022-01-01"), birth_date=["aug 2018"])
    assert log.to_pandas()["birth_date_wall_us"].tolist() == [(date(2018, 8, 16) - date(1970, 1, 1)).days * DAY_US]
    assert lt.lead_times(log, lt.read_pathway(PATHWAY)).to_pandas()["birth_date"].tolist() == [pd.Timestamp("2018-08-16")]


def test_the_case_table_may_hold_partial_dates_where_the_events_have_none() -> None:
    cases = pd.DataFrame({"case_id": ["a"], "exit_date": ["mars 2022"]})
    log = lt.read_log(
        pd.DataFrame({"case_id": ["a"], "activity": ["Detected"], "start": ["2022-01-01"]}), cases=cases, observed_until="2022-12-31"
    )
    row = lt.lead_times(log, lt.read_pathway(PATHWAY)).to_pandas().iloc[0]
    assert (row["lower_days"], row["lead_time_days"], row["upper_days"]) == (59, 74, 89)


# --- what custom decides ------------------------------------------------------------------------------------------------------------


def test_seasons_the_turn_of_the_year_and_the_pivot_can_be_changed_and_are_told() -> None:
    rules = DateRules(seasons={"summer": (5, 8)}, turn_of_year=(20, 10), pivot=20)
    assert str(parse_date("sommar 2021", rules=rules)) == "2021-05-01 to 2021-08-31"
    assert str(parse_date("årsskiftet 2022/2023", rules=rules)) == "2022-12-20 to 2023-01-10"
    assert (str(parse_date("210314", rules=rules)), str(parse_date("210314", pivot=30))) == ("1921-03-14", "2021-03-14")
    assert str(parse_date("VT21")) == "2021-01-01 to 2021-06-30"
    frame = pd.DataFrame({"case_id": ["a", "b"], "activity": ["x"] * 2, "start": ["sommar 2021", "210314"]})
    log = lt.read_log(frame, date_rules=rules)
    told = log.provenance.choices["dates of 'start'"]
    assert told == "two-digit years 21-99 = 1921-1999 and 00-20 = 2000-2020; summer = May to August"
    assert log.to_pandas()["start_lower_wall_us"].tolist()[0] == (date(2021, 5, 1) - date(1970, 1, 1)).days * DAY_US


def test_the_pathway_file_declares_how_dates_are_read() -> None:
    pathway = lt.read_pathway(PATHWAY | {"log": {"year_pivot": 20, "seasons": {"winter": [11, 15]}, "date_order": "mdy"}})
    assert pathway.log.date_rules == DateRules("mdy", 20, {"winter": (11, 15)})
    with pytest.raises(lt.PathwayError, match=r"log.*seasons='monsoon' isn't allowed"):
        lt.read_pathway(PATHWAY | {"log": {"seasons": {"monsoon": [6, 9]}}})


@pytest.mark.parametrize(
    "wrong", [{"pivot": 100}, {"seasons": {"summer": (8, 6)}}, {"turn_of_year": (0, 3)}, {"order": "ydm"}, {"serials": "1901"}]
)
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(lt.errors.UsageError, match="isn't allowed"):
        DateRules(**wrong)  # type: ignore[arg-type]


# --- numbers ------------------------------------------------------------------------------------------------------------------------


@given(st.lists(st.dates(date(1930, 1, 1), date(2099, 12, 31)), min_size=1, max_size=6, unique=True))
def test_a_numeric_column_holds_days_as_excel_counts_them(found: list[date]) -> None:
    counted = {str((day - date(1899, 12, 30)).days): (day - date(1970, 1, 1)).days for day in found}
    reading = read_dates(counted, numeric=True, rules=DateRules(serials="1900"))
    assert {text: value.lower_day for text, value in reading.values.items()} == counted
    assert reading.assumed == ("serials",)


def test_excel_numbers_with_a_fraction_are_clock_times(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("case_id;activity;start\na;x;43538,375\na;y;43539\n")
    log = lt.read_log(path)
    assert log.precision == "clock"
    assert pd.to_datetime(log.to_pandas()["start_wall_us"], unit="us").tolist() == [
        pd.Timestamp("2019-03-14 09:00"),
        pd.Timestamp("2019-03-15"),
    ]
    frame = pd.DataFrame({"case_id": ["a"], "activity": ["x"], "start": [42076]})
    assert lt.read_log(frame, date_rules=DateRules(serials="1904")).to_pandas()["start_wall_us"].tolist() == [17969 * DAY_US]


def test_numbers_among_dates_are_no_dates() -> None:
    log = lt.read_log(pd.DataFrame({"case_id": ["a", "a"], "activity": ["x", "y"], "start": ["43538", "2019-03-14"]}))
    assert log.quality.rejected_by_reason == {"unreadable start": 1}


def test_numbers_that_may_be_dates_without_their_zero_are_an_error_that_says_how_to_decide() -> None:
    frame = pd.DataFrame({"case_id": ["a", "b"], "activity": ["x"] * 2, "start": [50304, 50412]})
    with pytest.raises(lt.InputError, match=r"'start'.*yymmdd that lost their leading zero, as '50304' \(row 0\).*serials"):
        lt.read_log(frame)
    assert lt.read_log(frame, date_rules=DateRules(serials="1900")).precision == "date"
    with pytest.raises(lt.InputError, match="no date in column 'start'"):
        lt.read_log(frame, date_rules=DateRules(serials="none"))


# --- ambiguity ----------------------------------------------------------------------------------------------------------------------


def test_an_ambiguous_order_stops_with_the_rows_that_leave_it_open(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("case_id;activity;start\na;x;2019-01-01\na;y;3/4/2019\nb;x;5/6/2019\n")
    with pytest.raises(lt.InputError, match=r"column 'start'.*ambiguous in '3/4/2019' \(row 3\), '5/6/2019' \(row 4\)"):
        lt.read_log(path)


def test_contradicting_orders_stop_with_the_rows_that_prove_them(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("case_id;activity;start\na;x;3/4/2019\na;y;14/3/2019\nb;x;3/14/2019\n")
    with pytest.raises(lt.InputError, match=r"'14/3/2019' \(row 3\) must be day first but '3/14/2019' \(row 4\) must be month first"):
        lt.read_log(path)


def test_a_default_date_is_kept_and_told_as_an_error() -> None:
    log = log_of(("a", "Detected", "1900-01-01"), ("a", "Diagnosis", "31-12-9999"), ("b", "Detected", "1970-01-01"))
    assert log.quality.rows_rejected == 0
    finding = next(each for each in lt.check_quality(log).findings if each.code == "default-dates")
    assert (finding.severity, finding.count) == ("error", 3)


# --- every spelling of the sources --------------------------------------------------------------------------------------------------

SPELLINGS = {
    "220701-221130": ("2022-07-01", "2022-11-30"), "sommar 2021": ("2021-06-01", "2021-08-31"), "vår 2022": ("2022-03-01", "2022-05-31"),
    "2018 augusti – december": ("2018-08-01", "2018-12-31"), "2018 augusti - december": ("2018-08-01", "2018-12-31"),
    "2019 (sept –dec)": ("2019-09-01", "2019-12-31"), "årsskiftet 2022/2023": ("2022-12-15", "2023-01-15"),
    "augusti 2019": ("2019-08-01", "2019-08-31"), "2014-02-19": ("2014-02-19", "2014-02-19"), "aug 2019": ("2019-08-01", "2019-08-31"),
    "20190314": ("2019-03-14", "2019-03-14"), "14/3 2019": ("2019-03-14", "2019-03-14"), "2019-08": ("2019-08-01", "2019-08-31"),
    "v 10 2021": ("2021-03-08", "2021-03-14"), "2021 Q2": ("2021-04-01", "2021-06-30"), "kvartal 2 2021": ("2021-04-01", "2021-06-30"),
    "summer 2021": ("2021-06-01", "2021-08-31"), "spring 2022": ("2022-03-01", "2022-05-31"), "week 10 2021": ("2021-03-08", "2021-03-14"),
    "August 2019": ("2019-08-01", "2019-08-31"), "2018 August - December": ("2018-08-01", "2018-12-31"),
    "turn of the year 2022/2023": ("2022-12-15", "2023-01-15"), "quarter 2 2021": ("2021-04-01", "2021-06-30"),
    "14 March 2019": ("2019-03-14", "2019-03-14"),
}  # fmt: skip


def test_every_spelling_of_the_sources_mixes_in_one_column() -> None:
    frame = pd.DataFrame({"case_id": [str(i) for i in range(len(SPELLINGS))], "activity": "x", "start": list(SPELLINGS)})
    log = lt.read_log(frame)
    assert log.quality.rows_rejected == 0
    found = log.to_pandas()
    for side, place in (("lower", 0), ("upper", 1)):
        days = pd.to_datetime(found[f"start_{side}_wall_us"], unit="us").dt.strftime("%Y-%m-%d").tolist()
        assert dict(zip(SPELLINGS, days, strict=True)) == {text: bounds[place] for text, bounds in SPELLINGS.items()}


def test_the_beginning_of_a_month_is_read_to_the_month_and_what_gives_no_bounds_is_rejected_by_its_cell():
    """Where a beginning ends nobody says, so it has the bounds of the whole; about a month has none (DEFINITIONS 1.4)."""
    rows = [("a", "Remiss", "Början av maj 2020"), ("a", "Besök", "2020-06-10"), ("b", "Remiss", "H1 2020"), ("b", "Besök", "ca mars 2020")]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]))
    assert (log.quality.rows_read, log.quality.rows_kept) == (4, 3)
    assert [(row["row_number"], row["value"], row["reason"]) for row in log.rejected.records()] == [(3, "ca mars 2020", "unreadable start")]
    times = lt.lead_times(log).to_pandas().set_index("case_id")
    assert times.loc["a", ["lower_days", "upper_days"]].tolist() == [10, 40]
