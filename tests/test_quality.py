"""Quality: what a log shows about itself. Each check fires on the smallest log that calls for it, and is silent on one that doesn't."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date, timedelta

import narwhals as nw
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import leadtime as lt
from leadtime.cli import main
from leadtime.errors import LeadtimeError, UsageError
from leadtime.quality import check_errors, effect_of, names, proposed_names
from leadtime.quality.attendance import of_attendance
from leadtime.quality.by_case import of_cases_alone, of_cases_on_route
from leadtime.quality.case_ids import alike_within
from leadtime.quality.days import of_days
from leadtime.quality.durations import of_durations
from leadtime.quality.findings import SEVERITIES, Sighting
from leadtime.quality.identifiers import of_persons
from leadtime.quality.names import alike, nearly_alike, of_names
from leadtime.quality.repeats import of_repeats
from leadtime.quality.scope import Scope, day_number
from leadtime.quality.whole import of_events
from leadtime.words import words

Rows = list[tuple[object, ...]]
PATHWAY = lt.read_pathway(
    {
        "name": "Small", "start": "detection", "stop": ["diagnosis"], "order": ["detection", "referral", "diagnosis"],
        "milestones": {
            "detection": {"activities": ["Detected"]}, "referral": {"activities": ["Referral"]}, "diagnosis": {"activities": ["Diagnosis"]},
        },
        "exits": {"moved": {"activities": ["Moved"]}},
        "activities": {"Visit": {"kind": "contact"}, "Call": {"kind": "admin"}},
    }
)  # fmt: skip


def log_of(rows: Rows, *more: str, **options: object) -> lt.EventLog:
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start", *more])
    return lt.read_log(frame, **options)  # type: ignore[arg-type]


def counts(log: lt.EventLog, pathway: lt.Pathway | None = None, **options: object) -> dict[str, int]:
    """Code to count over all findings; several of one code add up."""
    found: dict[str, int] = {}
    for finding in lt.check_quality(log, pathway, **{"today": "2030-01-01", **options}).findings:  # type: ignore[arg-type]
        found[finding.code] = found.get(finding.code, 0) + finding.count
    return found


def one(log: lt.EventLog, code: str, pathway: lt.Pathway | None = None, **options: object) -> object:
    report = lt.check_quality(log, pathway, **{"today": "2030-01-01", **options})  # type: ignore[arg-type]
    return next(finding for finding in report.findings if finding.code == code)


def spread(n: int, activity: str = "Visit", *, first: date = date(2019, 1, 1), step: int = 1) -> Rows:
    """Cases of one event each, some days apart."""
    return [(f"c{i}", activity, str(first + timedelta(days=step * i))) for i in range(n)]


CALM: Rows = [("a", "Detected", "2019-01-01 10:00"), ("a", "Diagnosis", "2019-01-02 10:00")]


def test_a_clean_log_has_no_finding() -> None:
    log = log_of(CALM, timezone="Europe/London")
    assert log.quality.findings == ()
    assert counts(log_of([(case, what, day.replace("01-01", "01-03")) for case, what, day in CALM], timezone="UTC")) == {}


# --- what one log shows and the other doesn't: code -> (rows, more columns, options), how many, and a log that is silent on it ----------

Case = tuple[Rows, tuple[str, ...], dict[str, object]]


def plain(rows: Rows, *more: str, **options: object) -> Case:
    return rows, more, options


STAYS = [("a", "Stay", "2019-01-01", "2019-01-03", "W"), ("a", "Test", "2019-01-02", "2019-01-05", "W")]
NESTED = [
    ("a", "Stay", "2019-01-01", "2019-01-09", "W"),
    ("a", "Test", "2019-01-02", "2019-01-03", "W"),
    ("a", "X", "2019-01-05", "2019-01-06", "W"),
]
LONG = [("a", "Stay", f"2019-01-{1 + i:02}", f"2019-01-{2 + i:02}") for i in range(20)]
MONTHS = spread(365, step=1)
SILENT_PAIRS: dict[str, tuple[Case, int, Case]] = {
    "missing-values": (plain([("a", "x", "2019-01-01", " ")], "unit"), 1, plain([("a", "x", "2019-01-01", "BVC")], "unit")),
    "duplicate-rows": (plain([("a", "x", "2019-01-01")] * 3), 2, plain([("a", "x", "2019-01-01"), ("a", "x", "2019-01-02")])),
    "near-duplicates": (
        plain([("a", "x", "2019-01-01 10:00"), ("a", "x", "2019-01-01 10:05"), ("b", "x", "2019-01-01 10:00")]), 1,
        plain([*[("a", "x", "2019-01-01 10:00")] * 2, ("a", "x", "2019-01-02 10:05"), ("a", "y", "2019-01-01 10:05")]),
    ),
    "end-before-start": (
        plain([("a", "x", "2019-01-02", "2019-01-01"), ("a", "x", "2019-01-01", "2019-01-02")], "end"), 1,
        plain([("a", "x", "2019-01-02", "2019-01-02")], "end"),
    ),
    "before-birth": (
        plain([("a", "x", "2019-01-01", "2019-01-02"), ("b", "x", "2019-01-02", "2019-01-02")], "birth_date"), 1,
        plain([("a", "x", "2019-01-01 23:00", "2019-01-01")], "birth_date"),
    ),
    "after-observed-until": (
        plain([("a", "x", "2019-01-01"), ("a", "y", "2019-01-02")], observed_until="2019-01-01"), 1,
        plain([("a", "x", "2019-01-01 23:59")], observed_until="2019-01-01"),
    ),
    "future": (
        plain([("a", "x", "2030-01-02"), ("a", "y", "2030-01-01")]), 1, plain([("a", "x", "2030-01-02")], observed_until="2029-01-01"),
    ),
    "observed-until-in-future": (
        plain([("a", "x", "2019-01-01")], observed_until="2030-01-02"), 1, plain([("a", "x", "2019-01-01")], observed_until="2030-01-01"),
    ),
    "default-dates": (
        plain([("a", "x", "1900-01-01"), ("a", "y", "1970-01-01"), ("a", "z", "9999-12-31"), ("a", "v", "2019-01-01")]), 3,
        plain([("a", "x", "1970-01-02"), ("a", "y", "9998-12-31")]),
    ),
    "inactive-months": (plain([row for row in MONTHS if "2019-07" not in str(row[2])]), 1, plain(MONTHS)),
    "overlaps-in-unit": (plain(STAYS, "end", "unit"), 1, plain([STAYS[0], (*STAYS[1][:4], "V"), ("b", *STAYS[1][1:])], "end", "unit")),
    "attendance-unknown": (
        plain([("a", "x", "2019-01-01", "AVB"), ("a", "y", "2019-01-02", "Ja")], "attended"), 1,
        plain([("a", "x", "2019-01-01", "Uteblivet"), ("a", "y", "2019-01-02", "Genomfört"), ("a", "z", "2019-01-03", None)], "attended"),
    ),
    "mixed-precision": (
        plain([("a", "x", "2019-01-01"), ("a", "y", "2019-01-02 10:00")]), 1, plain([("a", "x", "2019-01-01"), ("a", "y", "2019-01-02")]),
    ),
    "mixed-zones": (
        plain([("a", "x", "2019-01-01 10:00"), ("a", "y", "2019-01-02T10:00+01:00")], timezone="UTC"), 1,
        plain([("a", "x", "2019-01-01 10:00Z"), ("a", "y", "2019-01-02T10:00+01:00"), ("a", "z", "2019-01-03")], timezone="UTC"),
    ),
    "no-timezone": (plain([("a", "x", "2019-01-01 10:00")]), 1, plain([("a", "x", "2019-01-01 10:00")], timezone="UTC")),
    "skipped-time": (
        plain([("a", "x", "2019-03-31 02:30")], timezone="Europe/Stockholm"), 1,
        plain([("a", "x", "2019-03-31 03:30")], timezone="Europe/Stockholm"),
    ),
    "twice-occurring-time": (
        plain([("a", "x", "2019-10-27 02:30")], timezone="Europe/Stockholm"), 1,
        plain([("a", "x", "2019-10-27 03:30")], timezone="Europe/Stockholm"),
    ),
    "weekend-contacts": (
        plain([("a", "x", "2019-06-08"), ("a", "y", "2019-06-09"), ("a", "z", "2019-06-10")]), 2, plain([("a", "z", "2019-06-10")]),
    ),
    "spelled-alike": (
        plain([("a", name, "2019-01-02") for name in ("Läkarbesök", "läkar-besok", "Läkarbesökk")]), 2,
        plain([("a", name, "2019-01-02") for name in ("Visit 1", "Visit 2", "Remiss in", "Remiss ut")]),
    ),
    "rare-activities": (plain([*spread(29), ("x", "Odd", "2019-01-01")]), 1, plain([*spread(10), ("x", "Odd", "2019-01-01")])),
    "tied-times": (
        plain([("a", "x", "2019-01-01"), ("a", "y", "2019-01-01")]), 2,
        plain([("a", "x", "2019-01-01"), ("a", "x", "2019-01-01"), ("b", "y", "2019-01-01")]),
    ),
    "outlying-durations": (
        plain([*[(f"c{i}", w, f"2019-01-{1 + 9 * k + i % 5:02}") for i in range(30) for k, w in enumerate("xy")],
               ("z", "x", "2010-01-01"), ("z", "y", "2019-01-01")]), 1,
        plain([(f"c{i}", w, f"2019-01-{1 + 9 * k + i % 5:02}") for i in range(30) for k, w in enumerate("xy")]),
    ),
    "long-events": (plain([*LONG, ("b", "Stay", "2019-01-01", "2019-12-31")], "end"), 1, plain(LONG, "end")),
    "lifecycle-not-paired": (
        plain([("a", "x", "2019-01-01", "start", "2019-01-02")], "lifecycle:transition", "end"), 1,
        plain([("a", "x", "2019-01-01", "complete", "2019-01-02")], "lifecycle:transition", "end"),
    ),
    "case-not-declared": (
        plain([("a", "x", "2019-01-01"), ("b", "x", "2019-01-01")], cases=pd.DataFrame({"case_id": ["a"]})), 1,
        plain([("a", "x", "2019-01-01")], cases=pd.DataFrame({"case_id": ["a", "b"]})),
    ),
    "ids-spelled-alike": (
        plain([("A-7", "x", "2019-01-01"), ("a7", "x", "2019-01-02"), ("007", "x", "2019-01-01"), ("7", "x", "2019-01-02")]), 4,
        plain([("1-11", "x", "2019-01-01"), ("11-1", "x", "2019-01-01"), ("10", "x", "2019-01-01"), ("1", "x", "2019-01-01")]),
    ),
    "ids-spelled-apart": (
        plain([("1.0", "x", "2019-01-01"), ("007", "x", "2019-01-01"), ("b", "x", "2019-01-01"), ("c", "x", "2019-01-01")],
              cases=pd.DataFrame({"case_id": ["1", "7", "b"]})), 2,
        plain([("1.0", "x", "2019-01-01"), ("1", "x", "2019-01-01"), ("c", "x", "2019-01-01")],
              cases=pd.DataFrame({"case_id": ["1", "d"]})),
    ),
    "case-rows-without-id": (
        plain([("a", "x", "2019-01-01")], cases=pd.DataFrame({"case_id": ["a", None], "sex": ["f", "m"]})), 1,
        plain([("a", "x", "2019-01-01")], cases=pd.DataFrame({"case_id": ["a"], "sex": ["f"]})),
    ),
    "case-without-events": (
        plain([("a", "x", "2019-01-01")], cases=pd.DataFrame({"case_id": ["a", "b"]})), 1,
        plain([("a", "x", "2019-01-01"), ("b", "x", "2019-01-01")], cases=pd.DataFrame({"case_id": ["a"]})),
    ),
    "unreadable-case-date": (
        plain([("a", "x", "2019-01-01", "unknown")], "birth_date"), 1, plain([("a", "x", "2019-01-01", "2018-05-01")], "birth_date"),
    ),
    "midnight-dates": (
        plain([("a", "x", pd.Timestamp("2019-01-01"))]), 1, plain([("a", "x", pd.Timestamp("2019-01-01 08:00"))]),
    ),
    "guessed-role": (plain([("a", "x", "2019-01-01", "U")], "Enhet"), 1, plain([("a", "x", "2019-01-01", "U")], "unit")),
    "rejected-unreadable-start": (plain([("a", "x", "soon"), ("a", "x", "2019-01-01")]), 1, plain([("a", "x", "2019-01-01")])),
    "personal-number-like": (
        plain([(f"20190101-{i:04}", "x", "2019-01-01") for i in range(100)]), 10,
        plain([(f"20191301-{i:04}", "x", "2019-01-01") for i in range(100)]),
    ),
    "trimmed": (plain([(" a", "x", "2019-01-01")]), 1, plain([("a", "x", "2019-01-01")])),
    "personal-number": (
        plain([("a", "x", "2019-01-01", "call 19121212-1212")], "note"), 1, plain([("a", "x", "2019-01-01", "19121212-1213")], "note"),
    ),
    "person-names": (
        plain([("a", "x", "2019-01-01", "Åke Öst")], "Patientens namn"), 1, plain([("a", "x", "2019-01-01", "P7")], "Patientens namn"),
    ),
}  # fmt: skip


# Each check is asked by itself here, which is quicker; that all of them are asked is a test of its own below.
PARTS: dict[Callable[[Scope], list[Sighting]], set[str]] = {
    of_persons: {"personal-number", "personal-number-like", "person-names"},
    alike_within: {"ids-spelled-alike"},
    of_events: {"default-dates", "future", "observed-until-in-future"},
    of_cases_alone: {"before-birth", "outlying-durations"},
    of_cases_on_route: {"impossible-order", "unfinished-cases", "silent-cases", "no-milestones", "milestone-never-reached"},
    of_repeats: {"near-duplicates", "tied-times", "overlaps-in-unit"},
    of_days: {"inactive-months", "weekend-contacts"},
    of_names: {"spelled-alike", "rare-activities", "unknown-activities"},
    of_durations: {"long-events"},
    of_attendance: {"attendance-unknown", "missed-milestones"},
}


def seen(code: str, log: lt.EventLog, pathway: lt.Pathway | None = None) -> int:
    """How many of a code the check that knows it finds; what no check knows is found in reading."""
    scope = Scope(log, pathway, today=day_number(date(2030, 1, 1)))
    parts = [part for part, codes in PARTS.items() if code in codes]
    findings = [sighting.finding for part in parts for sighting in part(scope)] if parts else log.quality.findings
    return sum(finding.count for finding in findings if finding.code == code)


@pytest.mark.parametrize("code", SILENT_PAIRS)
def test_a_check_fires_where_it_should_and_is_silent_where_it_should(code: str) -> None:
    (rows, more, options), count, (calm, others, choices) = SILENT_PAIRS[code]
    assert seen(code, log_of(rows, *more, **options)) == count
    assert seen(code, log_of(calm, *others, **choices)) == 0


def test_all_checks_are_asked() -> None:
    dates = [f"2019-{1 + 6 * (i % 2):02}-{1 + i % 28:02}" for i in range(400)]
    rows: Rows = [(f"c{i % 40}", "Visit", day, day, "2018-01-01") for i, day in enumerate(dates)]
    rows += [
        ("c1", "Visit", "2019-01-05", "2019-12-30", "2020-01-01"),
        ("c1", "Call", "2019-01-05", "2019-01-05", None),
        ("c2", "Call", "2019-01-03", "2019-01-03", None),
        ("C-3", "Visit", "2019-01-05", "2019-01-05", None),
        ("19121212-1212", "Visitt", "1900-01-01", "9999-12-31", None),
    ]
    found = counts(log_of([(*row, "AVB") for row in rows], "end", "birth_date", "attended"), PATHWAY)
    for codes in PARTS.values():
        assert codes & set(found), codes


@pytest.mark.parametrize("code", [code for code in SILENT_PAIRS if SEVERITIES.get(code) == "error"])
def test_the_errors_alone_are_those_of_the_check(code: str) -> None:
    (rows, more, options), _, _ = SILENT_PAIRS[code]
    log = log_of(rows, *more, **options)
    assert check_errors(log, today="2030-01-01") == lt.check_quality(log, today="2030-01-01").errors != ()


def on(*days: str) -> Rows:
    """Events of one case after the other, as in 'a Detected 01-03' (January 2019)."""
    return [(case, what, f"2019-{day}") for case, what, day in map(str.split, days)]


WITH_PATHWAY: dict[str, tuple[Rows, int, Rows]] = {
    "impossible-order": (
        on("a Detected 01-01", "a Diagnosis 01-03", "a Referral 01-04", "b Detected 01-01"), 1,
        on("a Detected 01-01", "a Diagnosis 01-03", "a Referral 01-03", "b Diagnosis 01-01"),
    ),
    "unfinished-cases": (
        on("a Detected 01-01", "b Detected 01-01", "b Diagnosis 01-01", "c Visit 01-01"), 1,
        on("a Detected 01-01", "a Moved 01-03", "b Detected 01-01", "b Diagnosis 01-01"),
    ),
    "silent-cases": (
        on("a Detected 01-01", "b Detected 12-31"), 1, on("a Detected 01-01", "a Visit 09-01", "b Detected 12-31"),
    ),
    "no-milestones": (on("a Visit 01-01", "b Detected 01-01"), 1, on("b Diagnosis 01-01")),
    "milestone-never-reached": (
        on("a Detected 01-01", "a Diagnosis 01-01"), 1, on("a Detected 01-01", "b Diagnosis 01-01", "c Referral 01-01"),
    ),
    "unknown-activities": (on("a Detected 01-01", "a Vist 01-01"), 1, on("a Visit 01-01")),
}  # fmt: skip


@pytest.mark.parametrize("code", WITH_PATHWAY)
def test_a_check_with_a_pathway_fires_where_it_should_and_is_silent_where_it_should(code: str) -> None:
    rows, count, calm = WITH_PATHWAY[code]
    assert seen(code, log_of(rows), PATHWAY) == count
    assert seen(code, log_of(calm), PATHWAY) == 0
    assert seen(code, log_of(rows)) == 0  # it takes a pathway


def test_a_milestone_that_a_missed_visit_reaches_is_told() -> None:
    """The clock goes by activities, so that a first visit which nobody came to would stop it."""
    rows = [("a", "Detected", "2019-01-01", None), ("a", "Diagnosis", "2019-02-01", "Avbokat"), ("a", "Diagnosis", "2019-03-01", "ja")]
    log = log_of(rows, "attended")
    assert seen("missed-milestones", log, PATHWAY) == 1
    assert lt.lead_times(log, PATHWAY).to_pandas()["lead_time_days"].tolist() == [31.0]
    assert seen("missed-milestones", log_of([*rows[:1], *rows[2:]], "attended"), PATHWAY) == 0
    assert seen("missed-milestones", log) == 0


# What only some formats show; the tests of those formats have them.
OF_FORMATS = {
    "concepts-without-name", "dates-in-attribute", "ditto-marks",
    "diverging-cases", "guarded-text", "headers-differ", "hidden-columns", "hidden-rows", "hidden-sheet", "joined-clock",
    "keys-spelled-apart", "keys-without-events", "later-attribute-values",
    "lifecycle-paired", "lifecycle-unpaired", "merged-cells", "missed-milestones",
    "nested-attributes", "no-row-order", "open-ends", "other-resources", "partial-case-dates", "partial-dates",
    "repeated-header", "same-event-merged", "shared-events", "sheet-skipped", "short-rows",
    "table-beside", "unknown-objects", "unmatched-keys",
    "wide-table",
}  # fmt: skip


def test_every_code_fires_in_a_test_and_has_words_and_an_effect_in_both_languages() -> None:
    fired = {code if not code.startswith("rejected-") else "rejected" for code in (*SILENT_PAIRS, *WITH_PATHWAY)}
    assert set(SEVERITIES) - OF_FORMATS == fired
    for language in ("en", "sv"):
        text = words(language)
        for code in SEVERITIES:
            assert f"finding.{code}" in text.keys, (language, code)
            assert effect_of(code, text), (language, code)


@pytest.mark.parametrize(
    ("ids", "count"),
    [
        (("19121212-1212", "121212-1212"), 2),
        (("191212121212", "121212-1212", "19121212 1212"), 3),
        (("121212-1212", "19121212-1220"), 0),
        (("20191301-0001", "191301-0001"), 0),  # no thirteenth month, and so no century before it
        (("201900012345", "1900012345"), 0),
    ],
)
def test_a_personal_number_with_and_without_its_century_is_one_child_twice(ids: tuple[str, ...], count: int) -> None:
    assert seen("ids-spelled-alike", log_of([(case, "x", "2019-01-01") for case in ids])) == count


@pytest.mark.parametrize(("language", "advice"), [("en", "fill it in on the others"), ("sv", "fyll i det på de andra")])
def test_rows_without_a_case_id_are_told_what_to_do_where_it_stands_on_the_first_row_only(language: str, advice: str) -> None:
    log = log_of([("a", "x", "2019-01-01"), (None, "y", "2019-01-02"), (None, None, "2019-01-03")])
    found = one(log, "rejected-no-case-id")
    assert advice in effect_of(found.code, words(language))
    assert found.effect == effect_of(found.code, words("en"))


def test_a_case_whose_row_in_the_table_has_no_century_is_told() -> None:
    log = log_of([("19121212-1212", "x", "2019-01-01")], cases=pd.DataFrame({"case_id": ["121212-1212"]}))
    assert counts(log)["ids-spelled-apart"] == 1


# --- the finer points ------------------------------------------------------------------------------------------------------------------


def test_an_overlap_with_an_interval_two_back_counts_and_one_interval_recorded_twice_does_not() -> None:
    assert counts(log_of(NESTED, "end", "unit"))["overlaps-in-unit"] == 2
    twice = [("a", "Stay", "2019-01-01", "2019-01-03", "W"), ("a", "Note", "2019-01-01", "2019-01-03", "W")]
    assert "overlaps-in-unit" not in counts(log_of(twice, "end", "unit"))


def test_near_duplicates_leave_exact_ones_and_other_units_out() -> None:
    rows = [
        ("a", "x", "2019-01-01", "U", "1"),
        ("a", "x", "2019-01-01", "U", "1"),
        ("a", "x", "2019-01-01", "U", "2"),
        ("a", "x", "2019-01-01", "V", "1"),
    ]
    found = counts(log_of(rows, "unit", "attribute"))
    assert (found["duplicate-rows"], found["near-duplicates"]) == (1, 1)
    assert one(log_of(rows, "unit", "attribute"), "near-duplicates").examples == ("row 2",)


def test_order_is_told_by_the_clock_where_there_is_one_and_by_the_day_where_there_is_not() -> None:
    clock = [("a", "Diagnosis", "2019-01-01 10:00"), ("a", "Referral", "2019-01-01 11:00")]
    assert counts(log_of(clock, timezone="UTC"), PATHWAY)["impossible-order"] == 1
    dated = [("a", "Diagnosis", "2019-01-01 10:00"), ("a", "Referral", "2019-01-01")]
    assert "impossible-order" not in counts(log_of(dated, timezone="UTC"), PATHWAY)


@pytest.mark.parametrize(("rule", "wrong"), [({"rule": "last"}, 1), ({"rule": "nth", "n": 2}, 0), ({}, 0)])
def test_order_follows_the_rule_of_the_milestone(rule: dict[str, object], wrong: int) -> None:
    content = PATHWAY.model_dump()
    content["milestones"]["referral"] |= rule
    rows = [
        ("a", "Referral", "2019-01-01"),
        ("a", "Referral", "2019-01-02"),
        ("a", "Diagnosis", "2019-01-03"),
        ("a", "Referral", "2019-01-04"),
    ]
    found = counts(log_of(rows), lt.Pathway.model_validate(content))
    assert found.get("impossible-order", 0) == wrong


def test_ids_that_only_their_spelling_keeps_apart_are_told_by_their_first_rows_and_left_as_they_are() -> None:
    rows = [("7", "x", "2019-01-01"), ("1,0", "x", "2019-01-01"), ("A 1", "x", "2019-01-02"), ("1,0", "y", "2019-01-03")]
    log = log_of(rows, cases=pd.DataFrame({"case_id": ["1", "a1", "7"], "sex": ["f", "m", "f"]}))
    found = one(log, "ids-spelled-apart")
    assert (found.count, found.examples, found.severity) == (2, ("row 1", "row 2"), "warning")  # type: ignore[attr-defined]
    assert counts(log)["case-not-declared"] == 2
    assert sorted(log.to_pandas()["case_id"].unique()) == ["1,0", "7", "A 1"]


def test_unfinished_cases_are_those_still_waiting_in_the_flow_table() -> None:
    rows = [
        ("waits", "Detected", "2019-01-01"), ("early stop", "Diagnosis", "2018-12-31"), ("early stop", "Detected", "2019-01-01"),
        ("done", "Detected", "2019-01-01"), ("done", "Diagnosis", "2019-01-02"), ("left", "Detected", "2019-01-01"),
        ("left", "Moved", "2019-01-05"), ("late", "Detected", "2019-03-01"), ("late stop", "Detected", "2019-01-01"),
        ("late stop", "Diagnosis", "2019-02-01"),
    ]  # fmt: skip
    log = log_of(rows, observed_until="2019-01-31")
    waiting = lt.lead_times(log, PATHWAY).to_pandas().query("status == 'still waiting'")
    assert len(waiting) == 2  # waits, late stop; a stop before the start excludes
    assert counts(log, PATHWAY)["unfinished-cases"] == len(waiting) + 1  # the check doesn't exclude it: it has not finished


def test_a_case_that_stopped_being_watched_is_not_silent() -> None:
    rows = [("a", "Detected", "2019-01-01", "2019-03-01"), ("b", "Detected", "2019-12-31", None)]
    assert "silent-cases" not in counts(log_of(rows, "last_observed"), PATHWAY)
    assert counts(log_of(rows, "last_observed"), PATHWAY, silent_days=30)["silent-cases"] == 1


def test_births_and_personal_numbers_in_the_table_of_cases_count_too() -> None:
    cases = pd.DataFrame({"case_id": ["a", "b"], "birth_date": ["2020-01-01", "2018-01-01"], "key": ["x", "121212-1212"]})
    found = counts(log_of([("a", "x", "2019-01-01"), ("b", "x", "2019-01-01")], cases=cases))
    assert (found["before-birth"], found["personal-number"]) == (1, 1)


def test_a_date_of_birth_of_1970_is_no_default_but_one_of_1900_is() -> None:
    rows = [("a", "x", "2019-01-01", "1970-01-01"), ("b", "x", "2019-01-01", "1900-01-01")]
    found = one(log_of(rows, "birth_date"), "default-dates")
    assert (found.count, found.severity, found.values["role"]) == (1, "warning", "birth_date")


def test_of_more_names_than_are_compared_the_commonest_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of([("a", name, "2019-01-01") for name in ("Visit", "Referral", "Visit", "Triage", "Referral", "Visit", "Assesment")])
    monkeypatch.setattr("leadtime.quality.names._MOST_NAMES", 2)
    assert names._counts(log, "activity") == {"Visit": 3, "Referral": 2, "Assesment": 1}
    assert dict(proposed_names(log)) == {}


def test_public_holidays_are_those_of_the_zone_or_of_the_country_named() -> None:
    friday = [("a", "Visit", "2019-04-19 10:00"), ("a", "Visit", "2019-06-21 10:00"), ("a", "Visit", "2019-04-18 10:00")]
    assert counts(log_of(friday, timezone="Europe/Stockholm"))["weekend-contacts"] == 2  # Good Friday, Midsummer's Eve
    assert "weekend-contacts" not in counts(log_of(friday, timezone="UTC"))
    assert counts(log_of(friday, timezone="UTC"), country="GB")["weekend-contacts"] == 1
    with pytest.raises(UsageError, match="country='XX'"):
        counts(log_of(friday), country="XX")


def test_only_contacts_count_on_weekends_where_the_pathway_tells_which_they_are() -> None:
    log = log_of([("a", "Visit", "2019-06-08"), ("a", "Call", "2019-06-08"), ("a", "Visit", "2019-06-10")])
    found = one(log, "weekend-contacts", PATHWAY)
    assert (found.count, found.of) == (1, 2)


def test_a_slip_far_away_does_not_make_the_log_run_for_centuries() -> None:
    far = [*spread(3000, step=1, first=date(2012, 1, 1)), ("x", "Visit", "2911-01-01")]
    assert "inactive-months" not in counts(log_of(far))
    assert "inactive-months" not in counts(log_of(spread(20, step=60)))  # too few events to tell


def test_a_filtered_log_can_be_checked_by_itself() -> None:
    log = log_of([("a", "x", "2019-01-01"), ("a", "y", "2019-01-01"), ("b", "x", "2019-01-02")])
    assert counts(log) == {"tied-times": 2}
    assert counts(log.filter(nw.col("case_id") == "b")) == {}


def test_an_empty_log_gives_no_finding() -> None:
    log = log_of([("a", "x", "2019-01-02", "U", "2019-01-02")], "unit", "end").filter(nw.col("case_id") == "none")
    assert counts(log, PATHWAY).keys() <= {"milestone-never-reached"}


# --- what the report of quality is -----------------------------------------------------------------------------------------------------


def test_guessed_roles_are_reported_and_given_ones_are_not() -> None:
    frame = pd.DataFrame({"Ärende": ["1"], "Händelse": ["x"], "Datum": ["2019-01-01"]})
    log = lt.read_log(frame, columns={"start": "Datum"})
    guessed = [finding.message for finding in log.quality.findings if finding.code == "guessed-role"]
    assert guessed == ["column 'Ärende' is taken as case_id, by its name", "column 'Händelse' is taken as activity, by its name"]


def test_missing_values_are_told_by_column_of_how_many() -> None:
    log = log_of([("a", "x", "2019-01-01", "BVC", None), ("a", "y", "2019-01-02", " ", "F")], "unit", "sex")
    messages = [finding.message for finding in log.quality.findings if finding.code == "missing-values"]
    assert messages == ["1 of 2 events without unit", "1 of 2 events without sex"]


def test_events_after_the_observation_are_counted_and_the_last_day_is_within() -> None:
    rows: Rows = [("a", "x", "2019-12-31 23:59"), ("a", "y", "2020-01-01 00:00"), ("a", "z", "2019-12-31")]
    assert counts(log_of(rows, observed_until="2019-12-31"))["after-observed-until"] == 1
    assert counts(log_of(rows, observed_until="2019-12-31 12:00"))["after-observed-until"] == 2
    assert "after-observed-until" not in counts(log_of(rows, observed_until="2020-01-01"))


def test_findings_come_with_the_gravest_first_and_name_rows_not_values() -> None:
    rows: Rows = [
        ("Kalle", "x", "2019-01-01 10:00"),
        ("Kalle", "x", "2019-01-01 10:00"),
        ("Kalle", "x", "hos Kalle"),
        ("Kalle", " ", "2019-01-01"),
    ]
    report = lt.check_quality(log_of(rows))
    severities = [finding.severity for finding in report.findings]
    assert severities == sorted(severities, key=("error", "warning", "note").index)
    assert all("Kalle" not in str(finding) for finding in report.findings)
    assert next(finding for finding in report.findings if finding.code == "rejected-unreadable-start").examples == ("row 2",)
    assert all(finding.effect for finding in report.findings)


def test_examples_are_the_rows_of_the_source(tmp_path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("case_id;activity;start\n\na;x;1900-01-01\nb;x;2019-01-01\nc;x;9999-12-31\n", encoding="utf-8")
    found = one(lt.read_log(path), "default-dates")
    assert found.examples == ("row 3", "row 5")
    assert found in lt.check_quality(lt.read_log(path), today="2030-01-01").errors


def test_the_report_reads_as_a_table_and_its_account_adds_up() -> None:
    report = lt.check_quality(log_of([("a", "x", "2019-01-01"), ("a", None, "2019-01-01"), ("a", "x", "?")]))
    frame = report.to_pandas()
    assert list(frame.columns) == ["severity", "code", "count", "message", "effect", "examples"]
    assert frame.loc[frame["severity"] == "account", "count"].tolist() == [3, 1, 2, 1, 1]
    assert (report.rows_read, report.rows_kept, report.rows_rejected) == (3, 1, 2)


VALUES = st.sampled_from(
    ["a", "b", " ", None, "2019-01-01", "2019-01-01 10:00", "1900-01-01", "x" * 9, "19121212-1212", "soon", "=1", "Besök"]
)


# An example takes a second, so one that fails is told as it is and not made smaller.
@settings(max_examples=5, phases=(Phase.explicit, Phase.generate))
@given(st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES, VALUES, VALUES), min_size=1, max_size=8))
def test_rows_add_up_and_nothing_breaks_whatever_stands_in_them(rows: Rows) -> None:
    rows = [*rows, ("case", "Visit", "2019-01-01", "2019-01-02", "U", "2018-01-01")]
    try:
        log = log_of(rows, "end", "unit", "birth_date")
    except LeadtimeError:
        return  # the library's own, told in one line
    report = lt.check_quality(log, PATHWAY, today="2030-01-01")
    assert report.rows_read == report.rows_kept + report.rows_rejected
    assert report.rows_rejected == sum(report.rejected_by_reason.values())
    assert report.rows_kept == len(log)
    assert all(finding.count > 0 for finding in report.findings)
    assert not any("19121212" in str(finding) for finding in report.findings)


@pytest.mark.parametrize("options", [{"today": "soon"}, {"silent_days": -1}, {"reserve_numbers": ["("]}])
def test_options_with_a_value_that_is_not_allowed_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"today|silent_days|reserve number"):
        lt.check_quality(log_of(CALM), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("profile", "told"), [("se-5", "Några ärenden når"), ("nhs-7-round5", "Några ärenden når"), ("internal", "3 ärenden når")]
)
def test_a_report_tells_findings_in_its_language_and_hides_small_numbers_of_cases(profile: str, told: str) -> None:
    rows = [(f"c{i}", what, f"2019-01-{1 + i + k:02}") for i in range(20) for k, what in enumerate(("Detected", "Diagnosis"))]
    rows += [(f"c{i}", "Referral", "2019-03-01") for i in range(3)]
    report = lt.build_report(log_of(rows, observed_until="2019-12-31"), PATHWAY, language="sv", profile=profile, sections=["quality"])
    (found,) = [block.rows for section in report.sections for block in section.blocks if getattr(block, "name", "") == "findings"]
    sentences = [str(row[1]) for row in found if row[3] == "impossible-order"]
    assert [sentence.startswith(told) for sentence in sentences] == [True]
    assert "row" not in " ".join(sentences)


# --- names spelled alike ----------------------------------------------------------------------------------------------------------------


ALIKE = [("Små-barns Team", "smabarnsteam"), ("Psykolog bedömning", "Psykolog bedömming"), ("Remiss", "Remsis")]
APART = [
    ("Remiss in", "Remiss ut"), ("Inskrivning", "Utskrivning"), ("Visit 1", "Visit 2"), ("T02", "T06"), ("Code 12345", "Code 12346"),
    ("Besök logoped", "Besök psykolog"), ("x1abcdef", "x2abcdef"), ("", "x"), ("!", "?"),
]  # fmt: skip


def test_names_are_alike_by_slips_and_never_by_numbers_or_short_words() -> None:
    assert all(alike(*pair) and alike(*reversed(pair)) for pair in ALIKE)
    assert not any(alike(*pair) or alike(*reversed(pair)) for pair in APART)


def test_the_commoner_name_is_proposed_and_no_proposal_leads_on_to_another() -> None:
    found = nearly_alike({"Bedömning": 9, "Bedömming": 3, "Bedömninga": 1, "Bedömminga": 1, "Annat": 5})
    assert found == {"Bedömming": "Bedömning", "Bedömninga": "Bedömning", "Bedömminga": "Bedömning"}
    assert not set(found.values()) & set(found)


def test_proposed_names_are_written_read_back_and_used(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    log, names = tmp_path / "log.csv", tmp_path / "names.toml"
    log.write_text(
        'case_id,activity,start,unit\na,Detected,2019-01-01,BVC "Mark"\nb,Detected,2019-01-01,"BVC \\Mark"\nc,detectd,2019-01-01,x\n'
    )
    assert main(["check", str(log), "--propose", str(names)]) == 0
    assert tomllib.loads(names.read_text(encoding="utf-8")) == {"activity": {"detectd": "Detected"}, "unit": {"BVC \\Mark": 'BVC "Mark"'}}
    capsys.readouterr()
    assert main(["check", str(log), "--names", str(names)]) == 0
    assert "spelled-alike" not in capsys.readouterr().out
    assert dict(proposed_names(lt.with_names(lt.read_log(log), names))) == {}


def test_names_of_a_column_that_is_not_there_are_refused() -> None:
    with pytest.raises(UsageError, match=r"'units'.*did you mean 'unit'"):
        lt.with_names(log_of([("a", "x", "2019-01-01", "U")], "unit"), {"units": {"x": "y"}})


# --- at the command line -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "log.csv"
        path.write_text("case_id,activity,start\n" + text, encoding="utf-8")
        return str(path)

    return write


def test_check_exits_1_on_errors_and_0_on_warnings(written: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", written("a,x,1900-01-01\n")]) == 1
    out = capsys.readouterr().out
    assert "error: 1 start looks like a default" in out
    assert "(for example row 2)" in out
    assert "errors: 1, warnings: 0" in out
    assert main(["check", written("a,x,2019-01-01\na,x,2019-01-01\n")]) == 0
    assert "warning: 1 row equal" in capsys.readouterr().out


def test_check_speaks_swedish(written: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", written("a,x,2019-01-01\na,x,2019-01-01\n"), "--language", "sv"]) == 0
    assert "varning: 1 rad är lika en tidigare rad i alla kolumner; den behålls (till exempel rad 3)" in capsys.readouterr().out


def test_check_takes_the_day_from_which_on_is_the_future(written: Callable[[str], str]) -> None:
    path = written("a,x,2019-01-08\n")
    assert main(["check", path]) == 0
    assert main(["check", path, "--today", "2019-01-07"]) == 1
    assert main(["check", path, "--today", "tomorrow"]) == 2


def test_check_on_a_terminal_is_a_table(written: Callable[[str], str], capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["check", written("a,x,2019-01-01\na,x,2019-01-01\n")]) == 0
    assert "┃" in capsys.readouterr().out


def test_names_that_differ_by_signs_that_cannot_be_seen_are_told_apart() -> None:
    found = one(
        log_of([("a", "First visit", "2019-01-01"), ("a", "First visit", "2019-01-02"), ("b", "First\u00a0visit", "2019-01-01")]),
        "spelled-alike",
    )
    assert found.examples == ("'First[U+00A0]visit' → 'First visit'",)  # type: ignore[attr-defined]
