"""The ledger against what the simulator put into the sample study, and against a naive count case by case."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from itertools import combinations, pairwise
from random import Random
from typing import Any

import pandas as pd
import pytest

import leadtime as lt
from leadtime.datasets import SyntheticStudy, mark_svenljunga

DAY_MINUTES = 1440
MEETING = {"value", "contact", "assessment", "intervention", "team", "consultation"}
Event = dict[str, Any]


@pytest.fixture(scope="module")
def study() -> SyntheticStudy:
    return mark_svenljunga()


@pytest.fixture(scope="module")
def pathway(study: SyntheticStudy) -> lt.Pathway:
    return lt.read_pathway(tomllib.loads(study.pathway_toml))


@pytest.fixture(scope="module")
def log(study: SyntheticStudy) -> lt.EventLog:
    return lt.read_log(study.events, timezone="Europe/Stockholm", observed_until=study.observed_until.isoformat())


@pytest.fixture(scope="module")
def ledger(log: lt.EventLog, pathway: lt.Pathway) -> lt.WasteLedger:
    return lt.waste(log, pathway, by="cohort", repeated_within_months=1000)


@pytest.fixture(scope="module")
def cases(ledger: lt.WasteLedger) -> pd.DataFrame:
    return ledger.to_pandas().set_index("case_id")


PUT_IN = {
    "w3_retellings": "retold_histories",
    "w4_places": "places",
    "w5_bounces": "bounced_referrals",
    "w10_forms": "forms",
    "w11_referrals": "referrals",
    "w18_repeated_assessments": "repeated_assessments",
}


@pytest.mark.parametrize("figure", PUT_IN)
def test_the_ledger_finds_what_the_simulator_put_in_and_nothing_where_it_put_nothing(
    figure: str, study: SyntheticStudy, cases: pd.DataFrame
) -> None:
    known = {case: getattr(facts.in_window, PUT_IN[figure]) for case, facts in study.known.children.items()}
    assert cases[figure].to_dict() == known
    assert sum(known.values()) > 0
    assert 0 in known.values() or figure == "w4_places"


def test_all_measures_are_computable_on_the_sample(ledger: lt.WasteLedger) -> None:
    assert set(ledger.states.values()) == {"computed"}


def test_first_help_is_estimated_with_those_who_wait_for_it(study: SyntheticStudy, ledger: lt.WasteLedger, cases: pd.DataFrame) -> None:
    helped = study.events[(study.events["activity"] == "Insats") & (study.events["attended"] == "yes")].groupby("case_id")["start"].min()
    gone = study.events[study.events["activity"].isin(["Flyttat", "Tackat nej"])].groupby("case_id")["start"].min()
    rows = []
    for case, facts in study.known.children.items():
        begun, until = pd.Timestamp(facts.started), min(gone.get(case, pd.Timestamp.max), pd.Timestamp(study.observed_until))
        first = helped.get(case)
        rows.append((facts.cohort, ((until if first is None else first) - begun).days, first is not None))
        assert cases.loc[case, "w2_followed_days"] == rows[-1][1]
        assert pd.isna(cases.loc[case, "w2_first_help_days"]) == (first is None)
    frame = pd.DataFrame(rows, columns=["cohort", "days", "came"])
    found = {row["cohort"]: row for row in ledger.summary.records() if row["figure"] == "w2_first_help_days"}
    for cohort, part in frame.groupby("cohort"):
        curve = lt.survival.kaplan_meier(part["days"], part["came"])
        assert found[str(cohort)]["median"] == curve.median.value
        assert found[str(cohort)]["open"] == int((~part["came"]).sum())


def test_the_summary_adds_up_the_cases_of_each_cohort(study: SyntheticStudy, ledger: lt.WasteLedger, cases: pd.DataFrame) -> None:
    cohort = pd.Series({case: facts.cohort for case, facts in study.known.children.items()})
    for row in ledger.summary.records():
        values = cases.loc[cohort.index[cohort == row["cohort"]], str(row["figure"])].dropna()
        assert (row["cases"], row["counted"], row["affected"]) == ((cohort == row["cohort"]).sum(), len(values), (values > 0).sum())
        if row["open"] is None and len(values):
            assert (row["total"], row["median"]) == pytest.approx((values.sum(), values.median()))
            assert row["p90"] == pytest.approx(values.quantile(0.9))


def test_feedback_and_closed_referrals_counted_by_hand(study: SyntheticStudy, cases: pd.DataFrame) -> None:
    for case, events in study.events.groupby("case_id"):
        facts = study.known.children[str(case)]
        ended = pd.Timestamp(facts.ended)
        inside = events[events["start"] < ended]
        steps = inside[inside["referral_status"].notna()]
        items = [(part["start"].min(), part["start"].max()) for _, part in steps.groupby("referral_id")]
        meetings = inside[(inside["activity"] == "Teammöte") & (inside["attended"] == "yes")].drop_duplicates("meeting_id")
        items += [(day, day) for day in meetings["start"]]
        observed = pd.Timestamp(study.observed_until) if facts.status == "stopped" else ended
        due = [(first, last + pd.Timedelta(days=30)) for first, last in items if last + pd.Timedelta(days=30) <= observed]
        assert cases.loc[case, "w13_asked"] == len(due)
        known = events if facts.status == "stopped" else events[events["start"] <= ended]
        for figure, whom in (("w13_family_not_told", "family"), ("w13_raiser_not_told", "raiser")):
            told = known.loc[known["feedback_to"] == whom, "start"]
            assert cases.loc[case, figure] == sum(not told.between(first, last).any() for first, last in due)
        special = steps[steps["level"] == "specialist"].groupby("referral_id")["referral_status"].agg(set)
        assert cases.loc[case, "w16_specialist_referrals"] == len(special)
        assert cases.loc[case, "w16_closed_without_action"] == sum("closed" in s and "accepted" not in s for s in special)


# --- a naive count of what the engine counts ---


def as_visits(contacts: list[Event]) -> list[list[Event]]:
    """The contacts in order of time, the rows of a meeting as one."""
    held: dict[Any, list[Event]] = defaultdict(list)
    for event in contacts:
        held[event["meeting_id"] or ("row", event["row"])].append(event)
    return sorted(held.values(), key=lambda rows: (min(e["at"] for e in rows), max(e["until"] for e in rows), min(e["row"] for e in rows)))


def union(spans: list[tuple[float, float]]) -> float:
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def side_by_side(visits: list[list[Event]], coordinated: float) -> tuple[float, float]:
    """The time in which two units' episodes overlap: with no meeting of the two in it, and with no coordinator yet."""
    episodes: dict[str, tuple[float, float]] = {}
    for visit in visits:
        for event in visit:
            if event["unit"]:
                low, high = episodes.get(event["unit"], (event["at"], event["until"]))
                episodes[event["unit"]] = (min(low, event["at"]), max(high, event["until"]))
    apart, alone = [], []
    for a, b in combinations(episodes, 2):
        begin, end = max(episodes[a][0], episodes[b][0]), min(episodes[a][1], episodes[b][1])
        if end > begin:
            met = any({a, b} <= {e["unit"] for e in visit} and begin <= min(e["at"] for e in visit) <= end for visit in visits)
            apart += [] if met else [(begin, end)]
            alone += [(begin, min(end, coordinated))] if coordinated > begin else []
    return union(apart), union(alone)


def naive(events: list[Event]) -> dict[str, float]:
    """Some figures of a case from its events in the window, in order of rows."""
    visits = as_visits([event for event in events if event["contact"]])
    units = [{event["unit"] for event in visit if event["unit"]} for visit in visits]
    met: set[str] = set()
    retold, first_contacts = 0, 0
    for number, there in enumerate(units):
        first_contacts += bool(there - met)
        retold += bool(there - met) and number > 0
        met |= there
    places = [min(filter(None, (event["place"] for event in visit)), default=None) for visit in visits]
    known = [place for place in places if place]
    coordinated = min((event["at"] for event in events if event["coordinator"]), default=float("inf"))
    apart, alone = side_by_side(visits, coordinated)
    spans = defaultdict(list)
    for event in events:
        if event["kind"] == "assessment" and event["contact"]:
            spans[event["activity"]] += [event["at"], event["until"]]
    lengths = [max(span) - min(span) for span in spans.values()]
    team = min((event["at"] for event in events if event["kind"] == "team" and event["contact"]), default=None)
    return {
        "w3_retellings": retold,
        "w4_places": len(set(known)),
        "w4_place_changes": sum(a != b for a, b in pairwise(known)),
        "w6_apart_days": apart,
        "w7_assessments": len(spans),
        **({"w7_span_days": max(max(s) for s in spans.values()) - min(min(s) for s in spans.values())} if spans else {}),
        **({"w7_longest_days": max(lengths)} if spans else {}),
        "w9_contacts": len(visits),
        "w12_no_coordinator_days": alone,
        **({} if team is None else {"w14_team_entry_days": team, "w14_units_before_team": units_before(visits, team)}),
        "w17_first_contacts": first_contacts,
    }


def units_before(visits: list[list[Event]], day: float) -> int:
    return len({event["unit"] for visit in visits for event in visit if event["at"] < day and event["unit"]})


def test_the_engine_counts_the_sample_as_the_naive_way_does(study: SyntheticStudy, pathway: lt.Pathway, cases: pd.DataFrame) -> None:
    for case, rows in study.events.groupby("case_id"):
        facts = study.known.children[str(case)]
        lead = (facts.ended - facts.started).days
        events = []
        for number, row in enumerate(rows.astype(object).where(rows.notna(), None).to_dict(orient="records")):
            at, declared = (row["start"].date() - facts.started).days, pathway.activities[row["activity"]]
            contact = (declared.kind in MEETING or declared.value_adding) and row["attended"] != "no"
            until = min(at + (declared.minutes / DAY_MINUTES if contact else 0), lead)
            events.append(row | {"at": at, "until": until, "row": number, "kind": declared.kind, "contact": contact})
        wanted = naive([event for event in events if event["at"] < lead])
        assert {name: cases.loc[case, name] for name in wanted} == pytest.approx(wanted), case


def test_the_engine_counts_cases_at_random_as_the_naive_way_does() -> None:
    random = Random(3)
    kinds = {"Talk": "contact", "Speech": "assessment", "Psych": "assessment", "Team": "team", "Help": "intervention", "Form": "admin"}
    drawn: dict[str, list[Event]] = {}
    for number in range(150):
        events = [{"activity": "Start", "at": 0, "unit": "A", "place": None, "meeting_id": None, "coordinator": None}]
        for at in sorted(random.sample(range(1, 60), random.randint(1, 12))):
            meeting = random.choice([None, None, "m", "n"])
            for unit in random.sample("ABCD", 2 if meeting else 1):
                activity = "Team" if meeting else random.choice([name for name in kinds if name != "Team"])
                # A meeting has one time: its id is told apart by its day.
                event = {"activity": activity, "at": at, "unit": unit, "meeting_id": meeting and f"{meeting}{at}"}
                place = random.choice("xyz") if not meeting else "x"
                events.append(event | {"place": place, "coordinator": random.choice([None] * 9 + ["Ann"])})
        drawn[f"c{number:03}"] = events
    start = pd.Timestamp("2020-01-01")
    rows = [
        event | {"case_id": case, "start": (start + pd.Timedelta(days=event["at"])).strftime("%Y-%m-%d")}
        for case, events in drawn.items()
        for event in events
    ]
    activities: dict[str, Any] = {name: {"kind": kind} for name, kind in (kinds | {"Start": "contact"}).items()}
    declared = lt.read_pathway(
        {
            "name": "t", "start": "start", "stop": "stop", "activities": activities,
            "milestones": {"start": {"activities": ["Start"]}, "stop": {"activities": ["Stop"]}},
        }
    )  # fmt: skip
    log = lt.read_log(pd.DataFrame(rows).drop(columns="at").assign(end=None), observed_until="2020-12-31")
    # Without ends or minutes the assessments last from visit to visit, and the measure says that it can't be computed; here it is made.
    ledger = lt.waste(log, declared)
    assert ledger.states["W7"] == "not computable: no column 'end'"
    found = ledger.to_pandas().set_index("case_id")
    for case, events in drawn.items():
        told = [
            event
            | {"until": event["at"], "row": row, "kind": activities[event["activity"]]["kind"], "contact": event["activity"] != "Form"}
            for row, event in enumerate(events)
        ]
        wanted = {name: value for name, value in naive(told).items() if not name.startswith("w7") and name != "w17_first_contacts"}
        assert {name: found.loc[case, name] for name in wanted} == pytest.approx(wanted), events
