"""The bias audit: each code is found where the bias was put in, with its cases, and is silent where it was looked for and isn't there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

import leadtime as lt
from leadtime.compare.audit import CODES, AuditEntry
from leadtime.compare.wording import audit_sentence

PATHWAY = {
    "name": "test",
    "start": "s",
    "stop": "e",
    "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E", "E2"]}},
    "exits": {"moved": {"activities": ["X"]}},
    "activities": {"M": {"kind": "team"}, "S": {"kind": "contact"}},
}
DAY0 = date(2015, 1, 3)
BREAK = 1000  # days from DAY0
UNTIL = 2600


@dataclass(frozen=True)
class Case:
    """A child: the day its clock starts, how long it takes and how that ends, and what else there is."""

    start: int
    days: int = 100
    end: str = "E"  # "E", "E2", "X", or "" for still open
    more: tuple[tuple[str, int], ...] = ()  # other events, in days from the start
    own: dict[str, object] = field(default_factory=dict)


def times_of(cases: Sequence[Case], *, until: int | None = UNTIL, month_only: Sequence[int] = ()) -> lt.LeadTimes:
    rows = []
    for number, case in enumerate(cases):
        events = [("S", 0), *case.more, *([(case.end, case.days)] if case.end else [])]
        for activity, days in events:
            day = str(DAY0 + timedelta(days=case.start + days))
            cut = day[:7] if number in month_only and activity == case.end else day
            rows.append({"case_id": f"{number:03}", "activity": activity, "start": cut, **case.own})
    last = None if until is None else str(DAY0 + timedelta(days=until))
    return lt.lead_times(lt.read_log(pd.DataFrame(rows), observed_until=last), lt.read_pathway(PATHWAY))


def born(case: Case, age_days: int) -> Case:
    return replace(case, own={**case.own, "birth_date": str(DAY0 + timedelta(days=case.start - age_days))})


def clean() -> list[Case]:
    """Two whole years before and after, each child done in 60 to 130 days, by both routes, all ages alike; nobody straddles the date."""
    cases = []
    for first in (BREAK - 880, BREAK):
        for n in range(60):
            own = {"route": ("ordinary", "team")[n % 2], "cohort": "before" if first < BREAK else "after"}
            case = Case(first + 12 * n, 60 + 17 * n % 71, own=own)
            cases.append(born(case, 1000 + 37 * n % 400))
    return cases


def changed(cases: list[Case], places: Sequence[int], **changes: object) -> list[Case]:
    return [replace(case, **changes) if place in places else case for place, case in enumerate(cases)]  # type: ignore[arg-type]


AFTER = range(60, 120)


@cache
def cleanly() -> lt.Comparison:
    return by_date(clean())


def by_date(cases: list[Case], **options: object) -> lt.Comparison:
    until = options.pop("until", UNTIL)
    month_only = options.pop("month_only", ())
    return lt.compare(times_of(cases, until=until, month_only=month_only), break_date=str(DAY0 + timedelta(days=BREAK)), **options)


def entry_of(result: lt.Comparison, code: str):
    found = [entry for entry in result.audit_entries if entry.code == code]
    assert len(found) == 1, (code, [entry.code for entry in result.audit_entries])
    return found[0]


def codes(result: lt.Comparison) -> set[str]:
    return {entry.code for entry in result.audit_entries}


# What was looked for


def test_a_sound_pilot_leaves_the_audit_silent_and_says_that_all_was_looked_for() -> None:
    assert cleanly().audit.rows == ()
    assert set(cleanly().checks.column("status")) == {"nothing found"}


def test_every_code_of_the_definitions_is_looked_for_in_order() -> None:
    wanted = [
        "completed-only",
        "short-follow-up",
        "cohort-by-end-date",
        "waiting-list-sample",
        "immortal-time",
        "route-selection",
        "detection-moved",
        "straddlers",
        "leavers-censored",
        "month-only-dates",
        "season-mismatch",
        "empty-risk-set",
        "stale-open-cases",
        "new-category-after-break",
        "few-at-risk",
        "observed-until-assumed",
        "follow-up-unequal",
    ]
    assert [code for code in CODES if code in wanted] == wanted
    assert cleanly().checks.column("code") == CODES


def test_what_could_not_be_looked_for_is_not_silent() -> None:
    bare = [replace(case, own={"cohort": case.own["cohort"]}) for case in clean()]
    result = lt.compare(times_of(bare))
    rows = {row["code"]: row for row in result.audit.records()}
    assert {code: row["status"] for code, row in rows.items()} == dict.fromkeys(
        ("route-selection", "detection-moved", "straddlers"), "not computable"
    )
    assert rows["detection-moved"]["sentence"] == "Not looked for, as there is no column birth_date."
    assert rows["straddlers"]["sentence"] == "Not looked for, as there is no break_date."
    assert "Har inte sökts" in result.audit_in("sv").column("sentence")[0]


def test_every_entry_has_a_sentence_in_both_languages_with_its_cases() -> None:
    generator = np.random.default_rng(0)
    cases = [replace(case, days=int(case.days * generator.uniform(1, 6))) for case in clean()]
    cases = changed(changed(cases, range(0, 20, 3), end="X"), range(90, 118, 4), end="")
    result = by_date([born(case, 500 if case.start >= BREAK else 1500) for case in cases], until=None)
    assert len(codes(result)) >= 6
    for language in ("en", "sv"):
        for entry, row in zip(result.audit_entries, result.audit_in(language).records(), strict=True):
            assert str(entry.cases) in row["sentence"] or entry.code == "follow-up-unequal"
            assert not any(mark in row["sentence"] for mark in "{}")
            assert row["sentence"].endswith(".")


# How the cases were followed


def test_completed_only_counts_the_unfinished_and_sizes_the_bias() -> None:
    cases = changed(clean(), AFTER[-25:], days=0, end="")
    entry = entry_of(by_date(cases, until=BREAK + 750), "completed-only")
    done = [case.days for case in cases[60:] if case.end]
    after = by_date(cases, until=BREAK + 750).cohorts[1]
    assert (entry.cases, entry.unit) == (25, "days")
    assert entry.effect == np.median(done) - after.median.value


def test_a_median_that_is_not_reached_or_lies_past_the_follow_up_is_short() -> None:
    unreached = by_date(changed(clean(), AFTER[10:], end=""), until=BREAK + 760)
    assert (entry_of(unreached, "short-follow-up").cases, entry_of(unreached, "short-follow-up").effect) == (50, None)
    # Ten of 30 finish late, the others are seen for 40 to 60 days only: the curve's median lies past most of the follow-up.
    cases = clean()[:60] + [Case(BREAK + 700 - 40 - n, 30, end="" if n < 20 else "E") for n in range(20)]
    cases += [Case(BREAK + 5 * n, 200 + n) for n in range(10)]
    past = by_date(cases, until=BREAK + 700)
    entry = entry_of(past, "short-follow-up")
    assert entry.cases == past.cohorts[1].open
    assert entry.effect > 0


def test_leavers_are_counted_with_what_their_censoring_adds_to_the_share_done() -> None:
    cases = changed(changed(clean(), range(0, 60, 4), end="X", days=30), range(1, 20, 4), end="")
    result = by_date(cases, until=BREAK + 760)
    entry = entry_of(result, "leavers-censored")
    before = result.cohorts[0]
    assert entry.cases == 15
    assert entry.effect == pytest.approx(1 - before.curve.at([result.tau])[0].value - before.done.value)
    assert entry.effect > 0.1


def test_silent_open_cases_are_told_with_the_change_if_they_ended_there() -> None:
    quiet = changed(clean(), range(5), end="")
    entry = entry_of(by_date(quiet), "stale-open-cases")
    assert entry.cases == 5
    told = [replace(case, more=(*case.more, ("note", UNTIL - case.start - 100))) if not case.end else case for case in quiet]
    assert "stale-open-cases" not in codes(by_date(told))


def test_few_at_risk_are_counted_at_the_horizon() -> None:
    result = by_date(changed(clean(), range(60, 67), end=""), until=BREAK + 760)
    entry = entry_of(result, "few-at-risk")
    assert (entry.cases, entry.effect) == (5, result.tau)  # seen for 760 days less 12 for each that started later
    assert result.cohorts[1].at_risk_at_tau == 5


def test_an_assumed_end_of_observation_is_told_with_the_cases_that_hang_on_it() -> None:
    entry = entry_of(by_date(changed(clean(), (100, 110), end=""), until=None), "observed-until-assumed")
    assert entry.cases == 2
    assert entry_of(by_date(clean(), until=None), "observed-until-assumed").cases == 0


def test_unequal_follow_up_makes_a_permutation_approximate() -> None:
    cases = changed(clean(), AFTER[-12:], end="")
    result = by_date(cases[20:], until=BREAK + 760)
    entry = entry_of(result, "follow-up-unequal")
    assert (entry.cases, entry.unit) == (100, "change")
    assert entry.effect < -365
    small = by_date(
        [case for place, case in enumerate(cases) if place % 3 == 0 and not (place >= 60 and not case.end and place % 2)], until=BREAK + 760
    )
    assert "approximate" in small.test.method or "no permutation" in small.test.method
    assert "approximate" in dict(zip(small.audit.column("code"), small.audit.column("sentence"), strict=True))["follow-up-unequal"]


def test_few_early_at_risk_under_late_entry_are_told() -> None:
    late = {"entry_date": lambda case: str(DAY0 + timedelta(days=case.start + 55))}
    cases = [
        replace(case, own={**case.own, "entry_date": late["entry_date"](case)}) if n not in (0, 1, 2) else case
        for n, case in enumerate(clean())
    ]
    cases = changed(cases, (0,), days=20)
    entry = entry_of(by_date(cases), "empty-risk-set")
    assert (entry.cases, entry.effect) == (3, 20.0)


# Who is in which cohort


def test_straddlers_are_counted_with_the_change_when_they_are_split() -> None:
    cases = clean() + [Case(BREAK - 10 - n, 40, own={"route": "ordinary"}) for n in range(8)]
    result = by_date(cases)
    assert entry_of(result, "straddlers").cases == 8
    split = next(row for row in result.sensitivity_rows if row.differs == ("cohort_rule",) and row.definition.cohort_rule == "split")
    assert entry_of(result, "straddlers").effect == split.estimate.value


def test_cohorts_by_end_are_told_whether_by_rule_or_by_label() -> None:
    cases = [
        Case(10 * n, 100 + 40 * (n % 13), own={"cohort": "after" if 10 * n + 100 + 40 * (n % 13) >= BREAK else "before"})
        for n in range(140)
    ]
    by_label = lt.compare(times_of(cases))
    entry = entry_of(by_label, "cohort-by-end-date")
    assert (entry.cases, entry.unit) == (140, "ratio")
    by_rule = by_date(cases, cohort_rule="stop")
    assert entry_of(by_rule, "cohort-by-end-date").effect == by_date(cases).median_ratio.value
    assert "cohort-by-end-date" not in codes(by_date(cases))


def test_a_sample_from_a_waiting_list_holds_too_many_long_waits() -> None:
    """A steady flow with a median of 300 days, of which the list of one day is taken, against a cohort by its starts."""
    generator = np.random.default_rng(5)
    flow = [Case(day, int(300 * np.exp(0.6 * generator.standard_normal()))) for day in range(0, 1500, 4)]
    listed = [replace(case, own={"cohort": "before"}) for case in flow if case.start <= 900 < case.start + case.days]
    result = lt.compare(times_of(listed + [Case(1000 + 10 * n, 150 + n, own={"cohort": "after"}) for n in range(40)], until=6000))
    entry = entry_of(result, "waiting-list-sample")
    assert (entry.cases, entry.unit) == (len(listed), "change")
    assert entry.effect < -60  # counted from the day of the list on, the median comes down towards 300
    assert "waiting-list-sample" not in codes(
        lt.compare(times_of([replace(c, own={"cohort": "ba"[c.start % 8 == 0]}) for c in flow], until=6000), before="a", after="b")
    )


def test_time_until_what_defines_after_is_immortal() -> None:
    """All start in the same years; whoever came as far as the extra meeting within 50 days counts as after."""
    cases = [
        Case(
            12 * n,
            30 + 17 * n % 200,
            more=(("M2", 50),) if 30 + 17 * n % 200 > 50 else (),
            own={"cohort": "after" if 30 + 17 * n % 200 > 50 else "before"},
        )
        for n in range(90)
    ]
    entry = entry_of(lt.compare(times_of(cases)), "immortal-time")
    assert (entry.cases, entry.effect, entry.more["activity"][0]) == (sum(case.days > 50 for case in cases), 50.0, "M2")
    assert "immortal-time" not in codes(lt.compare(times_of(clean())))


def test_an_after_that_is_defined_by_a_route_is_not_comparable() -> None:
    cases = [replace(case, own={**case.own, "cohort": "after" if case.own["route"] == "team" else "before"}) for case in clean()]
    result = lt.compare(times_of(cases))
    entry = entry_of(result, "route-selection")
    assert (entry.cases, entry.comparable, result.comparable) == (60, False, False)
    assert result.headline("en").startswith("The cohorts are not comparable")
    assert "shorter" not in result.headline("en")
    assert result.headline("sv").startswith("Grupperna är inte jämförbara")
    assert cleanly().comparable


def test_meeting_the_team_is_a_route_where_no_column_tells() -> None:
    bare = [replace(case, own={}, more=(("M", 5),) if n % 3 else ()) for n, case in enumerate(clean())]
    cases = [replace(case, own={"cohort": "after" if case.more else "before"}) for case in bare]
    assert not lt.compare(times_of(cases)).comparable
    result = by_date(bare)
    assert "route-selection" not in codes(result)
    assert [(row["cohort"], row["route"], row["n"]) for row in result.routes.records()] == [
        ("before", "ordinary", 20), ("before", "team", 40), ("after", "ordinary", 20), ("after", "team", 40),
    ]  # fmt: skip


def test_routes_stand_inside_the_cohorts_with_the_starts_by_month() -> None:
    routes = cleanly().routes.records()
    assert [(row["cohort"], row["route"], row["n"], row["observed"]) for row in routes] == [
        ("before", "ordinary", 30, 30), ("before", "team", 30, 30), ("after", "ordinary", 30, 30), ("after", "team", 30, 30),
    ]  # fmt: skip
    assert all(row["interval"] == "log-log" for row in routes)
    months = cleanly().starts_by_month
    assert sum(months.column("starts")) == 120
    first = next(row for row in months.records() if row["cohort"] == "after")
    assert first["month"] == (DAY0 + timedelta(days=BREAK)).strftime("%Y-%m")


# What was measured


@pytest.mark.parametrize(
    ("language", "one", "two", "hidden"),
    [
        ("en", "1 case still open has had", "2 cases still open have had", "Some cases still open have had"),
        ("sv", "1 ärende som ännu är öppet", "2 ärenden som ännu är öppna", "Some cases som ännu är öppna"),
    ],
)
def test_a_sentence_of_the_audit_agrees_with_its_number(language, one, two, hidden) -> None:
    assert audit_sentence(AuditEntry("stale-open-cases", 1), language).startswith(one)
    assert audit_sentence(AuditEntry("stale-open-cases", 2), language).startswith(two)
    assert audit_sentence(AuditEntry("stale-open-cases", 1), language, cases="some cases").startswith(hidden)


def test_a_moved_age_at_detection_is_told_with_lead_time_and_age_at_help() -> None:
    """Detected half a year earlier and no slower: the lead time is as it was, the age at help half a year lower."""
    ages = [1000 + 37 * n % 400 - (180 if n >= 60 else 0) for n in range(120)]
    result = by_date([born(case, age) for case, age in zip(clean(), ages, strict=True)])
    entry = entry_of(result, "detection-moved")
    assert entry.cases == 120
    assert entry.effect == pytest.approx(np.mean(ages[60:]) - np.mean(ages[:60]))
    at_help = [age + case.days for age, case in zip(ages, clean(), strict=True)]
    leads = [case.days for case in clean()]
    assert entry.more["help"][0] == np.median(at_help[60:]) - np.median(at_help[:60])
    assert entry.more["lead"][0] == np.median(leads[60:]) - np.median(leads[:60])
    said = result.audit.records()[0]["sentence"]
    assert said.startswith(
        "At the start, cases were 5.5 months younger after than before, on average; median lead time: no change, median age"
    )


def test_dates_to_the_month_are_counted_with_how_far_a_median_moves() -> None:
    result = by_date(clean(), month_only=range(0, 60, 2))
    entry = entry_of(result, "month-only-dates")
    assert entry.cases == 30
    assert 5 <= entry.effect <= 31


def test_dates_that_are_nearly_all_a_first_of_the_month_seem_to_be_known_only_to_it() -> None:
    first = [(date(2015 + n // 12, 1 + n % 12, 1) - DAY0).days for n in range(72)]
    cases = [Case(first[n], first[n + 3 + n % 4] - first[n]) for n in range(60)]
    assert entry_of(by_date(cases), "month-only-dates").cases == 60


def test_cohorts_of_other_seasons_are_told_with_the_change_in_the_months_of_both() -> None:
    autumn = [case for case in clean() if case.start < BREAK + 100]  # from late September to the New Year
    result = by_date(autumn)
    entry = entry_of(result, "season-mismatch")
    assert entry.cases == sum((DAY0 + timedelta(days=c.start)).month not in _months_of_after(autumn) for c in autumn if c.start < BREAK)
    assert entry.unit == "ratio"


def _months_of_after(cases: list[Case]) -> set[int]:
    days = [case.start for case in cases if case.start >= BREAK]
    return {(DAY0 + timedelta(days=day)).month for day in range(min(days), max(days) + 1)}


def test_a_new_way_to_stop_the_clock_is_told() -> None:
    entry = entry_of(by_date(changed(clean(), range(80, 95), end="E2")), "new-category-after-break")
    assert (entry.cases, entry.effect, entry.more["names"][0]) == (15, pytest.approx(0.25), "E2")
    assert "new-category-after-break" not in codes(by_date(changed(clean(), (0, *range(80, 95)), end="E2")))
