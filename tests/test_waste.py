"""The waste ledger: each measure on cases worked out by hand, what it needs, and its summary by cohort."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import leadtime as lt
from leadtime.waste import MEASURES
from leadtime.waste.declarations import state
from leadtime.waste.events import CaseEvents

COLUMNS = (
    "unit", "place", "purpose", "attended", "initiator", "coordinator", "level", "meeting_id", "referral_id", "referral_status",
    "referral_to", "feedback_to", "cohort",
)  # fmt: skip


def pathway(**more: Any) -> lt.Pathway:
    kinds = {
        "Detected": "contact", "Visit": "contact", "Speech": "assessment", "Psych": "assessment", "Doctor": "assessment",
        "Talk": "contact", "Team": "team", "Help": "intervention", "Form": "admin", "Told": "admin", "Asked": "consultation",
        "Diagnosis": "decision",
    }  # fmt: skip
    activities: dict[str, Any] = {name: {"kind": kind} for name, kind in kinds.items()}
    activities["Diagnosis"]["value_adding"] = True
    base = {
        "name": "t", "start": "start", "stop": ["stop"], "exits": {"gone": {"activities": ["Gone"]}},
        "milestones": {"start": {"activities": ["Detected"]}, "stop": {"activities": ["Diagnosis"]}}, "activities": activities,
    }  # fmt: skip
    return lt.read_pathway(base | more)


def event(activity: str, day: int, unit: str | None = None, **more: Any) -> dict[str, Any]:
    start = pd.Timestamp("2020-01-01") + pd.Timedelta(days=day)
    return {"activity": activity, "start": start.strftime("%Y-%m-%d"), "unit": unit, **more}


def step(status: str, day: int, unit: str, to: str, referral: str = "r", **more: Any) -> dict[str, Any]:
    return event(f"Referral {status}", day, unit, referral_id=referral, referral_status=status, referral_to=to, **more)


def whole(*events: dict[str, Any], stop: int | None = 100) -> list[dict[str, Any]]:
    """A case detected at unit A on day 0 and, where it stops, diagnosed on a later day."""
    return [event("Detected", 0, "A"), *events, *([event("Diagnosis", stop, "Z")] if stop is not None else [])]


def together(activity: str, day: int, units: str, meeting: str = "m", **more: Any) -> list[dict[str, Any]]:
    return [event(activity, day, unit, meeting_id=meeting, **more) for unit in units]


# Cases worked out by hand, with the figures that they give.
BY_HAND: dict[str, tuple[list[dict[str, Any]], dict[str, float | None]]] = {
    "nothing happens": (
        whole(),
        {
            "w1_waiting_days": 100, "w2_first_help_days": None, "w3_retellings": 0, "w4_places": 0, "w5_bounces": 0, "w6_apart_days": 0,
            "w7_span_days": None, "w8_first_unit_days": None, "w8_followed_days": 100, "w8_own_contacts": 1, "w9_external_rank": None,
            "w10_forms": 0, "w11_handling_days": None, "w12_no_coordinator_days": 0, "w13_asked": 0, "w14_team_entry_days": None,
            "w17_first_contacts": 1, "w18_repeated_assessments": 0,
        },
    ),
    "W2 help comes before the stop": (whole(event("Help", 40, "B")), {"w2_first_help_days": 40, "w2_followed_days": 40}),
    "W2 a missed visit is no help": (
        whole(event("Help", 40, "B", attended="no"), event("Help", 50, "B", attended="yes")),
        {"w2_first_help_days": 50},
    ),
    "W2 help may come after the clock has stopped": ([*whole(), event("Help", 130, "B")], {"w2_first_help_days": 130}),
    "W2 a child that leaves after its diagnosis is followed until then": (
        [*whole(), event("Gone", 120), event("Help", 130, "B")],
        {"w2_first_help_days": None, "w2_followed_days": 120},
    ),
    "W3 every unit that is new hears the history": (
        whole(event("Visit", 10, "B"), event("Visit", 20, "B"), event("Visit", 30, "C")),
        {"w3_retellings": 2},
    ),
    "W3 a joint meeting with three new units is one": (whole(*together("Team", 10, "BCD")), {"w3_retellings": 1, "w9_contacts": 2}),
    "W3 with a purpose noted only the history counts": (
        whole(
            event("Visit", 10, "B", purpose="follow-up"), event("Visit", 20, "C", purpose="Anamnes"),
            event("Visit", 30, "B", purpose="history"),
        ),
        {"w3_retellings": 1},
    ),
    "W3 a visit that was missed, or lies beyond the window, tells nothing": (
        [*whole(event("Visit", 10, "B", attended="uteblev")), event("Visit", 110, "C")],
        {"w3_retellings": 0},
    ),
    "W4 places and changes of place": (
        whole(
            event("Visit", 10, "A", place="x"), event("Visit", 20, "B", place="y"),
            event("Visit", 30, "B"), event("Visit", 40, "B", place="x"),
        ),
        {"w4_places": 2, "w4_place_changes": 2},
    ),
    "W4 a joint meeting has one place": (
        whole(event("Visit", 5, "A", place="x"), *together("Team", 10, "BC", place="y"), event("Visit", 20, "A", place="y")),
        {"w4_places": 2, "w4_place_changes": 1},
    ),
    "W5 W11 returned, sent again and accepted": (
        whole(
            step("sent", 5, "A", "B"), step("received", 6, "B", "B"), step("returned", 10, "B", "A"),
            step("sent", 20, "A", "B"), step("accepted", 25, "B", "B"),
        ),
        {
            "w5_bounces": 1, "w5_bounced_referrals": 1, "w5_ping_pongs": 2, "w5_longest_chain_units": 4,
            "w11_referrals": 1, "w11_decided": 1, "w11_handling_days": 20, "w11_longest_handling_days": 20,
        },
    ),
    "W5 W11 forwarded, and a second one refused": (
        whole(
            step("sent", 5, "A", "B"), step("forwarded", 8, "B", "C"), step("accepted", 15, "C", "C"),
            step("sent", 20, "A", "D", "s"), step("refused", 24, "D", "D", "s"), step("sent", 30, "A", "E", "t"),
        ),
        {
            "w5_bounces": 2, "w5_bounced_referrals": 2, "w5_ping_pongs": 0, "w5_longest_chain_units": 3,
            "w11_referrals": 3, "w11_decided": 2, "w11_handling_days": 14, "w11_longest_handling_days": 10,
        },
    ),
    "W11 the decision is the first once it is sent": (
        whole(step("refused", 5, "B", "A"), step("sent", 20, "A", "B"), step("accepted", 45, "B", "B")),
        {"w11_referrals": 1, "w11_decided": 1, "w11_handling_days": 25},
    ),
    "W5 back at a unit that was left, without help in between": (
        whole(event("Visit", 10, "B"), event("Visit", 20, "A"), event("Help", 30, "B"), event("Visit", 40, "A")),
        {"w5_returns_without_help": 2},
    ),
    "W5 help at the very meeting of the return isn't between": (
        whole(event("Visit", 10, "B"), *together("Visit", 30, "A"), event("Help", 30, "C", meeting_id="m")),
        {"w5_returns_without_help": 1},
    ),
    "W6 W12 two units side by side": (
        whole(event("Visit", 10, "A"), event("Visit", 5, "B"), event("Visit", 30, "B"), event("Visit", 20, "A")),
        {"w6_apart_days": 15, "w12_no_coordinator_days": 15},
    ),
    "W6 those that meet in their overlap aren't apart": (
        whole(event("Visit", 5, "B"), *together("Team", 10, "AB"), event("Visit", 20, "A"), event("Visit", 30, "B")),
        {"w6_apart_days": 0, "w12_no_coordinator_days": 15},
    ),
    "W6 of three units two meet": (
        whole(
            event("Visit", 5, "B"), *together("Team", 10, "AB"), event("Visit", 15, "C"), event("Visit", 20, "C"),
            event("Visit", 30, "A"), event("Visit", 40, "B"),
        ),
        {"w6_apart_days": 5, "w12_no_coordinator_days": 25},
    ),
    "W12 until a coordinator is named": (
        whole(event("Visit", 5, "B"), event("Visit", 12, "A", coordinator="Ann"), event("Visit", 20, "A"), event("Visit", 30, "B")),
        {"w6_apart_days": 15, "w12_no_coordinator_days": 7},
    ),
    "W7 in series": (
        whole(event("Speech", 10, "B", end=20), event("Psych", 30, "C", end=60), event("Doctor", 60, "D", end=70)),
        {
            "w7_assessments": 3, "w7_span_days": 60, "w7_longest_days": 30, "w7_critical_path_days": 30, "w7_parallelism_ratio": 1,
            "w7_avoidable_days": 30,
        },
    ),
    "W7 side by side, and an assessment lasts to its last visit": (
        whole(event("Speech", 10, "B"), event("Speech", 30, "B"), event("Psych", 20, "C", end=40)),
        {"w7_assessments": 2, "w7_span_days": 30, "w7_longest_days": 20, "w7_parallelism_ratio": 40 / 30, "w7_avoidable_days": 10},
    ),
    "W8 W9 own contacts before another unit comes in": (
        whole(event("Visit", 10, "A"), event("Visit", 20, "A", attended="no"), event("Visit", 35, "B"), event("Visit", 50, "A")),
        {
            "w8_first_unit_days": 35, "w8_followed_days": 35, "w8_own_contacts": 2,
            "w9_external_rank": 3, "w9_contacts": 4, "w9_rank_share": 0.75,
        },
    ),
    "W8 a referral or a consultation is going beyond the unit too": (
        whole(event("Visit", 10, "A"), event("Asked", 15, "A"), event("Visit", 35, "B")),
        {"w8_first_unit_days": 15, "w8_own_contacts": 2, "w9_external_rank": 4},
    ),
    "W9 others' help from the start": (
        [*together("Detected", 0, "AB"), event("Visit", 10, "A"), event("Diagnosis", 100, "Z")],
        {"w9_external_rank": 1},
    ),
    "W10 forms before the unit is met": (
        whole(
            event("Form", 10, "B"), event("Form", 14, "B"), event("Visit", 40, "B"), event("Form", 50, "B"),
            event("Told", 60, "C", feedback_to="raiser"),
        ),
        {"w10_forms": 2, "w10_form_to_meeting_days": 30},
    ),
    "W13 feedback within thirty days of the last step": (
        whole(
            step("sent", 5, "A", "B"), step("accepted", 20, "B", "B"), event("Told", 45, "B", feedback_to="family"),
            step("sent", 50, "A", "C", "s"), *together("Team", 60, "AB"), event("Told", 65, "B", feedback_to="Remittent"),
        ),
        {"w13_asked": 3, "w13_family_not_told": 2, "w13_raiser_not_told": 1},
    ),
    "W13 nobody knows yet": (whole(step("sent", 360, "A", "B"), stop=None), {"w13_asked": 0}),
    "W14 the team comes late": (
        whole(event("Visit", 10, "B"), event("Visit", 20, "C"), *together("Team", 45, "ABCD")),
        {"w14_team_entry_days": 45, "w14_units_before_team": 3},
    ),
    "W15 the wait for a specialist": (
        whole(event("Visit", 10, "B", level="first"), event("Doctor", 40, "D", level="specialist"), event("Visit", 60, "B", level="first")),
        {"w15_unsupported_days": 30, "w15_waiting_days": 100, "w15_unsupported_share": 0.3},
    ),
    "W15 the last wait is one for the specialist who makes the diagnosis": (
        [event("Detected", 0, "A"), event("Visit", 40, "A"), event("Diagnosis", 100, "D", level="specialist")],
        {"w15_unsupported_days": 60, "w15_waiting_days": 100},
    ),
    "W15 an open case waits for a specialist once it is referred": (
        whole(event("Visit", 10, "A"), step("sent", 20, "A", "D", level="specialist"), stop=None),
        {"w15_unsupported_days": 355, "w15_waiting_days": 365},
    ),
    "W16 closed without action": (
        whole(
            step("sent", 5, "A", "D"), step("closed", 9, "D", "D", level="specialist"),
            step("sent", 10, "A", "D", "s"), step("accepted", 15, "D", "D", "s", level="specialist"),
            step("closed", 80, "D", "D", "s", level="specialist"),
            step("sent", 20, "A", "B", "t"), step("closed", 25, "B", "B", "t", level="first"),
        ),
        {"w16_specialist_referrals": 2, "w16_closed_without_action": 1},
    ),
    "W16 the level may stand on another step than the closing": (
        whole(
            step("sent", 5, "A", "D", level="specialist"), step("closed", 9, "D", "D"),
            step("sent", 10, "A", "D", "s", level="specialist"), step("closed", 15, "B", "B", "s", level="first"),
        ),
        {"w16_specialist_referrals": 2, "w16_closed_without_action": 1},
    ),
    "W17 who takes the first step": (
        [
            event("Detected", 0, "A", initiator="unit"), event("Visit", 10, "B", initiator="Guardian"),
            event("Visit", 20, "B", initiator="guardian"),
            *together("Team", 30, "CD", initiator="vårdnadshavare"), event("Visit", 40, "E"), event("Diagnosis", 100, "Z"),
        ],
        {"w17_first_contacts": 4, "w17_by_guardian": 2, "w17_guardian_share": 0.5},
    ),
    "W18 the same assessment by another unit": (
        [
            *whole(event("Psych", 10, "B"), event("Psych", 20, "B"), event("Psych", 90, "C"), event("Speech", 95, "D"), stop=700),
            event("Psych", 900, "B"),
        ],
        {"w18_repeated_assessments": 1},
    ),
    "W18 units that assess together, or again with one who was there, repeat nothing": (
        whole(*together("Psych", 10, "BC"), event("Psych", 20, "C"), *together("Psych", 30, "CD", "n")),
        {"w18_repeated_assessments": 0},
    ),
    "W18 made again by units that meet is once": (
        whole(*together("Psych", 10, "BC"), *together("Psych", 40, "DE", "n"), event("Psych", 60, "B")),
        {"w18_repeated_assessments": 2},
    ),
    "W18 long after it is no repetition": (
        whole(event("Psych", 10, "B"), event("Psych", 380, "C"), stop=700),
        {"w18_repeated_assessments": 0},
    ),
}  # fmt: skip


def frame_of(cases: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    rows = [row | {"case_id": case} for case, events in cases.items() for row in events]
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start", "end", *COLUMNS])
    ended = pd.Timestamp("2020-01-01") + pd.to_timedelta(frame["end"].astype("float64"), unit="D")
    return frame.assign(end=ended.dt.strftime("%Y-%m-%d"))


def read(cases: dict[str, list[dict[str, Any]]], until: str = "2022-12-31") -> lt.EventLog:
    return lt.read_log(frame_of(cases), observed_until=until)


@pytest.fixture(scope="module")
def by_hand() -> pd.DataFrame:
    # The stopped cases are watched for years after; the open ones for one.
    cases = {name: rows for name, (rows, _) in BY_HAND.items()}
    open_cases = {name: rows for name, rows in cases.items() if all(row["activity"] != "Diagnosis" for row in rows)}
    closed = {name: rows for name, rows in cases.items() if name not in open_cases}
    found = [lt.waste(read(part, until), pathway()).to_pandas() for part, until in ((open_cases, "2020-12-31"), (closed, "2022-12-31"))]
    return pd.concat(found).set_index("case_id")


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str, by_hand: pd.DataFrame) -> None:
    row = by_hand.loc[name]
    for figure, wanted in BY_HAND[name][1].items():
        assert (None if pd.isna(row[figure]) else row[figure]) == (wanted if wanted is None else pytest.approx(wanted)), figure


def test_every_figure_has_its_column_and_its_unit(by_hand: pd.DataFrame) -> None:
    figures = [figure for measure in MEASURES for figure in measure.figures]
    assert [measure.code for measure in MEASURES] == [f"W{n}" for n in range(1, 19)]
    assert by_hand.columns.tolist() == [figure.name for figure in figures]
    assert all(figure.name.endswith("_days") == (figure.unit == "days") for figure in figures)


NEEDS = {
    "unit": ("W3", "W6", "W8", "W9", "W12", "W18"),
    "place": ("W4",),
    "referral_id": ("W5", "W11"),
    "referral_status": ("W5", "W11", "W16"),
    "referral_to": ("W5",),
    "coordinator": ("W12",),
    "feedback_to": ("W13",),
    "level": ("W15", "W16"),
    "initiator": ("W17",),
}


def test_without_a_column_the_measures_that_need_it_answer_so_and_the_others_stand() -> None:
    log = read({"a": whole(event("Speech", 10, "B", end=12))})
    base = CaseEvents.of(log, pathway())
    for column, codes in NEEDS.items():
        without = replace(base, log=replace(log, columns=tuple(name for name in log.columns if name != column)))
        answers = {measure.code: state(measure, without) for measure in MEASURES}
        assert {code for code, answer in answers.items() if answer != "computed"} == set(codes)
        assert {answers[code] for code in codes} == {f"not computable: no column '{column}'"}


def test_without_kinds_lengths_or_columns_nothing_is_called_zero() -> None:
    frame = pd.DataFrame({"case_id": ["a"] * 2, "activity": ["Detected", "Diagnosis"], "start": ["2020-01-01", "2020-02-01"]})
    ledger = lt.waste(lt.read_log(frame), pathway(activities={}))
    assert ledger.states["W1"] == "computed"
    assert ledger.states["W2"] == "not computable: no column 'kind'"
    assert ledger.states["W7"] == "not computable: no columns 'kind' and 'end'"
    assert ledger.states["W8"] == "not computable: no columns 'unit' and 'kind'"
    assert [measure.code for measure in ledger.computed] == ["W1"]
    assert ledger.to_pandas().drop(columns=["case_id", "w1_waiting_days"]).isna().all(axis=None)
    rows = {row["code"]: row for row in ledger.summary.records()}
    assert (rows["W3"]["cases"], rows["W3"]["total"], rows["W3"]["state"]) == (None, None, "not computable: no column 'unit'")
    teamless = pathway(activities={"Detected": {"kind": "contact"}})
    assert lt.waste(lt.read_log(frame), teamless, measures=["W14"]).states == {"W14": "not computable: no activity of kind 'team'"}


def test_open_cases_are_censored_in_the_summary_of_first_help() -> None:
    helped = {f"h{days}": whole(event("Help", days, "B"), stop=300) for days in (10, 20, 30)}
    cases = helped | {"open": whole(stop=None), "left": whole(event("Gone", 15), stop=None)}
    cases = {name: [row | {"cohort": "after" if name == "h10" else "before"} for row in rows] for name, rows in cases.items()}
    ledger = lt.waste(read(cases), pathway(), by="cohort", measures=["W2", "W1"])
    rows = {(row["figure"], row["cohort"]): row for row in ledger.summary.records()}
    first = rows["w2_first_help_days", "before"]
    # Kaplan-Meier: 20 of 3 at risk (one left at 15), then 30 of 2: 2/3, 1/3.
    assert (first["cases"], first["counted"], first["open"], first["median"]) == (4, 2, 2, 30)
    assert (first["mean"], rows["w2_first_help_days", "after"]["median"]) == (None, 10)
    assert [row["code"] for row in ledger.summary.records()] == ["W1"] * 2 + ["W2"] * 4
    assert rows["w1_waiting_days", "after"]["affected"] == 1
    assert "w2_first_help_days" in str(ledger)


def test_the_summary_has_all_cases_where_no_cohort_is_asked_for() -> None:
    cases = {
        name: whole(*(event("Visit", 10 + n, unit) for n, unit in enumerate(units)))
        for name, units in {"a": "BCD", "b": "B", "c": ""}.items()
    }
    (row,) = lt.waste(read(cases), pathway(), measures=["W3"]).summary.records()
    assert row == {
        "code": "W3", "measure": "history retold", "figure": "w3_retellings", "cohort": None, "cases": 3, "counted": 3, "affected": 2,
        "open": None, "total": 4, "mean": pytest.approx(4 / 3), "median": 1, "p90": pytest.approx(2.6), "state": "computed",
    }  # fmt: skip


def test_the_waits_between_contacts_end_with_the_stop() -> None:
    log = read({"a": whole(event("Visit", 10, "B"), event("Visit", 30, "B")), "b": whole(event("Visit", 50, "B"), stop=None)}, "2020-12-31")
    waits = lt.waste(log, pathway(), measures=["W1"]).waits.to_pandas().set_index(["source", "target"])
    assert waits["total_days"].to_dict() == {("Visit", "Diagnosis"): 70, ("Detected", "Visit"): 60, ("Visit", "Visit"): 20}
    assert waits.loc[("Detected", "Visit"), ["n", "cases", "mean_days", "median_days"]].tolist() == [2, 2, 30, 30]


def test_tied_contacts_are_reported() -> None:
    plain = lt.waste(read({"a": whole(event("Visit", 10, "B"))}), pathway(), measures=["W3"])
    tied = lt.waste(read({"a": whole(event("Visit", 10, "B"), event("Visit", 10, "C"))}), pathway(), measures=["W3"])
    assert [note.code for note in (*plain.notes, *tied.notes)] == ["tied-order"]


def test_limits_are_choices_and_wrong_ones_are_told() -> None:
    log = read({"a": whole(event("Psych", 10, "B"), event("Psych", 380, "C"), stop=700)})
    assert lt.waste(log, pathway(), measures=["W18"], repeated_within_months=13).to_pandas()["w18_repeated_assessments"].tolist() == [1]
    with pytest.raises(lt.UsageError, match="'W30' isn't one of W1 to W18; did you mean 'W3'"):
        lt.waste(log, pathway(), measures=["W30"])
    with pytest.raises(lt.UsageError, match="feedback_within_days=0 isn't allowed"):
        lt.waste(log, pathway(), feedback_within_days=0)
    with pytest.raises(lt.InputError, match="no case attribute 'kohort'"):
        lt.waste(log, pathway(), by="kohort")
