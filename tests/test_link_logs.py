"""Claims on linking: cases of several systems are joined by their keys, an event told twice is one, and every row is accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt
from leadtime.words import words

DAY = timedelta(days=1)
BVC = [("1", "Remiss", "2019-03-05"), ("1", "Besök", "2019-04-02"), ("2", "Remiss", "2019-03-20")]
BUP = [("B7", "Besök", "2019-04-03"), ("B7", "Diagnos", "2019-05-02"), ("B8", "Besök", "2019-04-20"), ("B9", "Besök", "2019-04-21")]
KEYS = pd.DataFrame({"case_id": ["A", "B", "C"], "bvc": ["1", "2", "3"], "bup": ["B7", "B8", None]})


def log_of(rows: Sequence[tuple[Any, ...]], *more: str, **options: Any) -> lt.EventLog:
    return lt.read_log(pd.DataFrame(list(rows), columns=["case_id", "activity", "start", *more]), **options)


def linked(**options: Any) -> lt.EventLog:
    return lt.link_logs({"bvc": log_of(BVC), "bup": log_of(BUP)}, keys=KEYS, **options)


def events(log: lt.EventLog, *columns: str) -> list[tuple[Any, ...]]:
    frame = log.to_pandas()
    names = columns or ("case_id", "activity", "source_system")
    return [tuple(None if pd.isna(value) else value for value in row) for row in frame[list(names)].itertuples(index=False)]


def codes(log: lt.EventLog) -> dict[str, int]:
    return {found.code: found.count for found in log.quality.findings}


def refused(kind: type[lt.LeadtimeError] = lt.UsageError, **options: Any) -> str:
    with pytest.raises(lt.LeadtimeError) as caught:
        lt.link_logs(**{"logs": {"bvc": log_of(BVC), "bup": log_of(BUP)}, "keys": KEYS, **options})
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_keys_join_the_cases_of_systems_that_call_them_otherwise() -> None:
    assert events(linked()) == [
        ("A", "Remiss", "bvc"), ("A", "Besök", "bvc"), ("B", "Remiss", "bvc"),
        ("A", "Besök", "bup"), ("A", "Diagnos", "bup"), ("B", "Besök", "bup"),
    ]  # fmt: skip


def test_a_lead_time_runs_from_one_system_to_another() -> None:
    pathway = lt.read_pathway({
        "name": "Linked", "start": "referral", "stop": "diagnosis",
        "milestones": {"referral": {"activities": ["Remiss"]}, "diagnosis": {"activities": ["Diagnos"]}},
    })  # fmt: skip
    times = lt.lead_times(linked(), pathway).to_pandas().set_index("case_id")
    assert times.loc["A", "lead_time_days"] == 58
    assert times.loc["B", "status"] == "still waiting"


def test_unmatched_keys_are_counted_and_their_events_stand_among_the_rejected() -> None:
    log = linked()
    assert (log.quality.rows_read, log.quality.rows_kept, log.quality.rows_rejected) == (7, 6, 1)
    assert dict(log.quality.rejected_by_reason) == {"no key": 1}
    assert [row[2:] for row in log.rejected.rows] == [(3, "case_id", "B9", "no key")]
    assert codes(log)["unmatched-keys"] == 1
    assert codes(log)["keys-without-events"] == 1  # key 3 of bvc
    assert next(found for found in log.quality.findings if found.code == "unmatched-keys").examples == ("row 3 of bup",)


def test_keys_that_only_their_spelling_keeps_apart_are_told_and_left_as_they_are() -> None:
    clinic = log_of([(key, "Besök", "2019-01-01") for key in ("1.0", "02", "B-3", "4", "9")])
    keys = pd.DataFrame({"case_id": list("abcd"), "bvc": ["1", "2", "b3", "4"], "bup": ["1", "2", "3", "4"]})
    log = lt.link_logs({"bvc": clinic, "bup": log_of([("1", "Besök", "2019-02-01")])}, keys=keys)
    assert (codes(log)["unmatched-keys"], codes(log)["keys-spelled-apart"]) == (4, 3)
    assert events(log, "case_id") == [("d",), ("a",)]
    assert "keys-spelled-apart" not in codes(linked())


def test_unmatched_events_can_be_kept_as_cases_of_their_own() -> None:
    log = linked(unmatched="keep")
    assert ("bup: B9", "Besök", "bup") in events(log)
    assert (log.quality.rows_read, log.quality.rows_kept) == (7, 7)
    assert codes(log)["unmatched-keys"] == 1


def test_an_event_told_by_two_systems_is_one_with_a_trail() -> None:
    log = linked(within=DAY)
    assert ("A", "Besök", "bvc", "bup") in events(log, "case_id", "activity", "source_system", "also_reported_by")
    assert log.trail.rows == (("A", "Besök", "bvc", "row 1", "bup", "row 0", 24.0),)
    assert dict(log.quality.rejected_by_reason) == {"no key": 1, "same event elsewhere": 1}
    assert codes(log)["same-event-merged"] == 1
    assert log.quality.rows_kept == len(log) == 5


def test_nothing_is_merged_where_no_rule_is_given_or_the_rule_is_not_met() -> None:
    assert len(linked()) == len(linked(within=timedelta(0))) == 6
    assert linked().trail.rows == ()


def test_clock_times_are_compared_as_elapsed_and_dates_as_days() -> None:
    def merged(one: str, other: str, within: timedelta) -> int:
        logs = {"x": log_of([("1", "a", one)], timezone="Europe/Stockholm"), "y": log_of([("1", "a", other)], timezone="Europe/Stockholm")}
        return len(lt.link_logs(logs, within=within).trail.rows)

    assert merged("2019-03-05 23:50", "2019-03-06 00:10", timedelta(minutes=20)) == 1
    assert merged("2019-03-05 23:50", "2019-03-06 00:10", timedelta(minutes=19)) == 0
    assert merged("2019-03-05", "2019-03-05 23:50", timedelta(0)) == 1
    assert merged("2019-03-05", "2019-03-06 00:10", timedelta(hours=23)) == 0
    assert merged("2019-03-05", "2019-03-06 00:10", DAY) == 1
    assert merged("2019-03", "2019-03", DAY) == 0  # no day is known


def test_activities_that_mean_one_thing_are_compared_as_such_and_keep_their_names() -> None:
    logs = {"x": log_of([("1", "Läkarbesök", "2019-03-05")]), "y": log_of([("1", "Besök läkare", "2019-03-05")])}
    assert len(lt.link_logs(logs, within=DAY)) == 2
    log = lt.link_logs(logs, within=DAY, activities={"Besök läkare": "Läkarbesök"})
    assert events(log) == [("1", "Läkarbesök", "x")]


def test_columns_that_must_agree_keep_events_apart() -> None:
    logs = {
        "x": log_of([("1", "a", "2019-03-05", "Norr"), ("2", "a", "2019-03-05", None)], "unit"),
        "y": log_of([("1", "a", "2019-03-05", "Syd"), ("2", "a", "2019-03-05", None)], "unit"),
    }
    assert len(lt.link_logs(logs, within=DAY)) == 2
    assert len(lt.link_logs(logs, within=DAY, agree_on=["unit"])) == 4


def test_blanks_and_a_missing_end_are_filled_from_the_other_report() -> None:
    x = log_of([("1", "a", "2019-03-05", None, None, "x")], "end", "unit", "note")
    y = log_of([("1", "a", "2019-03-05", "2019-03-07", "Syd", "y")], "end", "unit", "note")
    log = lt.link_logs({"x": x, "y": y}, within=DAY)
    assert events(log, "unit", "note", "end_given") == [("Syd", "x", True)]
    frame = log.to_pandas()
    assert (frame["end_us"] - frame["start_us"]).tolist() == [2 * 86_400_000_000]


def test_each_event_is_paired_once_and_the_nearest_first() -> None:
    x = log_of([("1", "a", "2019-03-05"), ("1", "a", "2019-03-08")])
    y = log_of([("1", "a", "2019-03-07"), ("1", "a", "2019-03-09"), ("1", "a", "2019-03-10")])

    def pairs(days: int) -> list[tuple[Any, ...]]:
        trail = lt.link_logs({"x": x, "y": y}, within=timedelta(days=days)).trail
        return [(row[3], row[5], row[6]) for row in trail.rows]

    assert pairs(3) == [("row 1", "row 0", 24)]
    assert pairs(4) == [("row 0", "row 1", 96), ("row 1", "row 0", 24)]


def test_a_third_system_is_merged_into_the_same_event() -> None:
    logs = {name: log_of([("1", "a", "2019-03-05")]) for name in ("x", "y", "z")}
    log = lt.link_logs(logs, within=DAY)
    assert events(log, "source_system", "also_reported_by") == [("x", "y, z")]
    assert len(log.trail.rows) == 2


def test_several_keys_of_one_system_are_one_case() -> None:
    keys = pd.DataFrame({"case_id": ["A", "A"], "bvc": ["1", "2"], "bup": ["B7", "B8"]})
    log = lt.link_logs({"bvc": log_of(BVC), "bup": log_of(BUP)}, keys=keys)
    assert {event[0] for event in events(log)} == {"A"}


def test_a_system_without_a_column_has_the_common_ids_and_headers_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "keys.csv"
    path.write_text("Löpnr;Nyckel BUP\n1;B7\n2;B8\n", encoding="utf-8")
    log = lt.link_logs({"bvc": log_of(BVC), "bup": log_of(BUP)}, keys=path, key_columns={"case_id": "Löpnr", "bup": "Nyckel BUP"})
    assert {event[0] for event in events(log)} == {"1", "2"}


def test_case_attributes_are_those_of_the_first_system_that_knows_them() -> None:
    def with_cases(rows: Sequence[tuple[Any, ...]], cases: dict[str, list[Any]]) -> lt.EventLog:
        return log_of(rows, cases=pd.DataFrame(cases))

    bvc = with_cases(BVC, {"case_id": ["1", "2"], "sex": ["F", None], "birth_date": ["2016-01-01", "2016-02-02"]})
    bup = with_cases(BUP, {"case_id": ["B7", "B8", "B9"], "sex": ["M", "M", "M"], "site": ["Mark", "Mark", "Mark"]})
    times = lt.lead_times(lt.link_logs({"bvc": bvc, "bup": bup}, keys=KEYS)).to_pandas().set_index("case_id")
    assert times["sex"].to_dict() == {"A": "F", "B": "M"}
    assert times["site"].to_dict() == {"A": "Mark", "B": "Mark"}


def test_columns_and_types_of_all_systems_meet_in_one_table() -> None:
    x = log_of([("1", "a", "2019-03-05", 7, "u")], "cost", "Typ")
    y = log_of([("1", "b", "2019-03", "many", "v")], "cost", "typ")
    log = lt.link_logs({"x": x, "y": y})
    assert events(log, "cost", "Typ") == [("7", "u"), ("many", "v")]
    assert lt.lead_times(log).to_pandas()["upper_days"].tolist() == [26.0]


def test_observation_ends_with_the_system_that_ends_first() -> None:
    logs = {"x": log_of(BVC, observed_until="2020-12-31"), "y": log_of(BVC, observed_until="2020-06-30")}
    until = lt.link_logs(logs).observed_until
    assert until is not None
    assert pd.Timestamp(until.wall_us, unit="us") == pd.Timestamp("2020-06-30")


def test_rows_rejected_in_reading_and_findings_of_each_system_stay_in_the_account() -> None:
    bvc = log_of([*BVC, ("1", "Besök", "in spring")])
    log = lt.link_logs({"bvc": bvc, "bup": log_of(BUP)}, keys=KEYS, within=DAY)
    quality = log.quality
    assert quality.rows_read == quality.rows_kept + quality.rows_rejected == 8
    assert sum(quality.rejected_by_reason.values()) == quality.rows_rejected == len(log.rejected.rows) == 3
    assert any("row 3 of bvc" in found.examples for found in quality.findings if found.code == "rejected-unreadable-start")


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_findings_have_words(language: Any) -> None:
    text = words(language)
    for code in ("unmatched-keys", "keys-spelled-apart", "keys-without-events", "same-event-merged"):
        assert text.count(f"finding.{code}", 2, {"what": "bup"}, digits=0)
        assert text.say(f"finding_effect.{code}")


def test_a_linked_log_is_written_filtered_and_pseudonymised(tmp_path: Path) -> None:
    log = linked(within=DAY)
    lt.write_log(log, tmp_path / "log.parquet")
    assert len(lt.read_log(tmp_path / "log.parquet")) == len(log)
    hidden = lt.pseudonymise(log, bytes(range(32)))
    assert hidden.trail.rows == ()
    assert len(hidden) == len(log)


def test_what_cannot_be_linked_is_refused_in_one_line() -> None:
    log = log_of(BVC)
    assert "logs names 1 system;" in refused(logs={"x": log})
    assert "different time zones" in refused(logs={"bvc": log, "bup": log_of(BUP, timezone="Europe/Stockholm")})
    assert "within=5 isn't allowed" in refused(within=5)
    assert "unmatched='drop' isn't allowed" in refused(unmatched="drop")
    assert "agree_on='unit' is one text" in refused(agree_on="unit")
    assert "agree_on names 'unit'" in refused(agree_on=["unit"])
    assert "key_columns names 'hab'" in refused(key_columns={"hab": "x"})
    assert "give keys= too" in refused(keys=None, key_columns={"bup": "x"})
    assert "no column 'x' in the key table" in refused(lt.InputError, key_columns={"bup": "x"})
    assert "named as a system" in refused(keys=pd.DataFrame({"case_id": ["A"], "x": ["1"]}))
    assert "no case of 'bup' is in the key table" in refused(
        lt.InputError, keys=pd.DataFrame({"case_id": ["A"], "bvc": ["1"], "bup": ["X"]})
    )
    twice = pd.DataFrame({"case_id": ["A", "B"], "bvc": ["1", "1"], "bup": ["B7", "B8"]})
    assert "1 key of 'bvc' with two cases" in refused(lt.InputError, keys=twice)
    assert "has a column 'source_system' already" in refused(logs={"bvc": linked(), "bup": log_of(BUP)}, keys=None)


rows = st.lists(
    st.tuples(st.sampled_from("123"), st.sampled_from("ab"), st.integers(1, 9).map("2019-03-{:02d}".format)), min_size=1, max_size=9
)


@settings(max_examples=12)
@given(rows, rows, st.sampled_from([0, 1, 2, 8]))
def test_events_are_conserved_and_paired_one_to_one(one: list[Any], other: list[Any], days: int) -> None:
    log = lt.link_logs({"x": log_of(one), "y": log_of(other)}, within=timedelta(days=days))
    quality = log.quality
    trail = log.trail.rows
    assert quality.rows_read == len(one) + len(other) == len(log) + len(trail)
    assert quality.rows_kept == len(log)
    kept, gone = [row[3] for row in trail], [row[5] for row in trail]
    assert len(set(kept)) == len(kept)
    assert len(set(gone)) == len(gone)
    for case, activity, _, kept_place, _, merged_place, hours in trail:
        first, second = one[int(str(kept_place)[4:])], other[int(str(merged_place)[4:])]
        assert first[:2] == second[:2] == (case, activity)
        assert hours == 24 * abs(int(first[2][-2:]) - int(second[2][-2:])) <= 24 * days
    # What stays is what no pair took: nothing that could still be paired is left on both sides.
    left = Counter((row[0], row[1]) for i, row in enumerate(one) if f"row {i}" not in kept)
    right = Counter((row[0], row[1]) for i, row in enumerate(other) if f"row {i}" not in gone)
    if days >= 8:
        assert not left & right


def test_what_is_filled_of_a_place_is_the_other_reports_own() -> None:
    ours = log_of([("a", "Besök", "2019-04-02", None)], "place")
    theirs = log_of([("a", "Besök", "2019-04-02", "hem")], "place")
    log = lt.link_logs({"bvc": ours, "bup": theirs}, within=DAY)
    assert events(log, "case_id", "place", "also_reported_by") == [("a", "hem", "bup")]
