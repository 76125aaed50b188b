"""The change with case attributes held equal: R's figures, and what can't be held equal."""

from __future__ import annotations

import csv
import importlib
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import leadtime as lt
from leadtime.compare import accelerated
from leadtime.compare.adjusted import effect_of_model
from leadtime.compare.cohorts import Cohort, Pair

pytest.importorskip("statsmodels", reason="pip install 'leadtime[adjust]'")
pytest.importorskip("greenwood", reason="pip install 'leadtime[adjust]'")

REFERENCE = Path(__file__).parent / "reference" / "r"
PATHWAY = {
    "name": "test", "start": "s", "stop": "e", "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E"]}},
}  # fmt: skip
LAST = date(2100, 1, 1)


def reference(name: str) -> tuple[list[dict[str, str]], dict]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return rows, json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def times_of(rows: list[dict[str, object]]) -> lt.LeadTimes:
    """Cases as dictionaries with `days` and `stopped`, and attributes."""
    events = []
    for number, row in enumerate(rows):
        named = {"case_id": f"{number:04}", **{name: value for name, value in row.items() if name not in ("days", "stopped")}}
        events.append({**named, "activity": "S", "start": str(LAST - timedelta(days=int(row["days"])))})
        if row["stopped"]:
            events.append({**named, "activity": "E", "start": str(LAST)})
    return lt.lead_times(lt.read_log(pd.DataFrame(events), observed_until=str(LAST)), lt.read_pathway(PATHWAY))


def cases(rows: list[dict[str, str]], *names: str) -> list[dict[str, object]]:
    found = [{"days": row["time"], "stopped": int(row["status"]), "cohort": row["group"], **{n: row[n] for n in names}} for row in rows]
    return [{name: value for name, value in row.items() if value not in ("", "NA")} for row in found]


@pytest.mark.parametrize(("name", "before", "after"), [("lung", "1", "2"), ("aml", "Maintained", "Nonmaintained")])
def test_the_crude_effects_are_r_s(name: str, before: str, after: str) -> None:
    rows, figures = reference(name)
    result = lt.compare(times_of(cases(rows)), before=before, after=after, adjust=())
    cox, *families = result.adjusted_effects
    wanted = figures["cox"]["efron"]
    estimate = cox.estimate
    assert [estimate.value, estimate.lower, estimate.upper] == pytest.approx([wanted[k] for k in ("hr", "lower", "upper")], rel=1e-6)
    assert estimate.standard_error == pytest.approx(next(iter(wanted["se"].values())), rel=1e-6)
    assert cox.log_likelihood == pytest.approx(wanted["loglik"][1], rel=1e-9)
    for effect in families:
        wanted, estimate = figures["aft"][effect.model], effect.estimate
        ratio = [wanted[key][1] for key in ("time_ratio", "lower", "upper")]
        assert [estimate.value, estimate.lower, estimate.upper] == pytest.approx(ratio, rel=1e-6)
        assert estimate.standard_error == pytest.approx(wanted["se"][1], rel=1e-6)
        assert effect.log_likelihood == pytest.approx(wanted["loglik"], rel=1e-9)
    table = result.adjusted.to_pandas()
    assert table["interval"].tolist() == ["Wald, log scale"] * 4
    assert table["n"].tolist() == [len(rows)] * 4


def test_a_covariate_that_explains_the_change_takes_it_away() -> None:
    """Severe cases take three times as long, and nearly all of those before are severe: nothing else changed."""
    generator = np.random.default_rng(2)
    rows = []
    for number in range(160):
        cohort = "before" if number % 2 else "after"
        severe = generator.random() < (0.85 if cohort == "before" else 0.15)
        days = int((300 if severe else 100) * np.exp(0.3 * generator.standard_normal())) + 1
        rows.append({"days": days, "stopped": 1, "cohort": cohort, "severity": "severe" if severe else "mild", "weight": 3 + 0.1 * number})
    times = times_of(rows)
    crude, held = lt.compare(times, adjust=()), lt.compare(times, adjust=("severity", "weight"))
    assert all(effect.estimate.upper < 0.8 for effect in crude.adjusted_effects[1:])
    for effect in held.adjusted_effects[1:]:
        assert effect.terms == ("severity: severe", "weight")
        assert effect.estimate.lower < 1 < effect.estimate.upper
    assert held.adjusted_effects[0].estimate.lower < 1 < held.adjusted_effects[0].estimate.upper


def test_cases_without_a_covariate_are_left_out_and_counted() -> None:
    rows = [{**row, "ecog": row["ph.ecog"]} for row in reference("lung")[0]]
    result = lt.compare(times_of(cases(rows, "ecog")), before="1", after="2", adjust="ecog")
    assert [effect.left_out for effect in result.adjusted_effects] == [1] * 4
    assert result.adjusted_effects[0].estimate.n == len(rows) - 1


@pytest.mark.parametrize(
    ("codes", "terms"),
    [
        (["1_1", "1_2", "1_3"], ("code: 1_2", "code: 1_3")),  # Python reads 1_1 as 11
        (["1", "inf", "nan"], ("code: inf", "code: nan")),
        (["1,5", "2,25", "3"], ("code",)),
        (["1.5", "2.25", "3e0"], ("code",)),
    ],
)
def test_a_text_is_a_number_only_where_people_write_it_so(codes: list[str], terms: tuple[str, ...]) -> None:
    rows = [{"days": 10 + n * 7 % 30, "stopped": 1, "cohort": c, "code": codes[n % 5 % 3]} for c in ("before", "after") for n in range(15)]
    effects = lt.compare(times_of(rows), adjust="code").adjusted_effects
    assert {effect.terms for effect in effects} == {terms}
    assert all(effect.estimate.value is not None for effect in effects)
    assert {effect.left_out for effect in effects} == {0}


def test_a_cohort_without_a_covariate_among_those_who_finished_is_told_so() -> None:
    rows = [{"days": 10 + 3 * n, "stopped": 1, "cohort": c} for c in ("before", "after") for n in range(20)]
    for row in rows[20:]:
        row["weight"] = row["days"]
    effects = lt.compare(times_of(rows), adjust="weight").adjusted_effects
    assert {effect.because for effect in effects} == {
        "nobody in 'before' who has finished has all that adjust= names, so there is no ratio; leave out of adjust= what is missing there"
    }


def test_age_at_the_start_comes_from_the_birth_date() -> None:
    rows, _ = reference("lung")
    aged = [
        {**case, "birth_date": str(LAST - timedelta(days=int(case["days"]) + 365 * int(row["age"])))}
        for case, row in zip(cases(rows), rows, strict=True)
    ]
    by_birth = lt.compare(times_of(aged), before="1", after="2", adjust="birth_date").adjusted_effects
    by_age = lt.compare(times_of(cases(rows, "age")), before="1", after="2", adjust="age").adjusted_effects
    assert by_birth[0].terms == ("age at start (years)",)
    assert [effect.estimate.value for effect in by_birth] == pytest.approx([effect.estimate.value for effect in by_age], rel=1e-9)


def test_the_unit_of_an_attribute_changes_nothing_but_its_own_ratio() -> None:
    """An income in kronor beside a cohort of 0 and 1: what the models give for the cohort is the same as with the income in millions."""
    random = np.random.default_rng(10)
    days, income = (random.exponential(100, 80) + 1).astype(int).tolist(), random.normal(400_000, 100_000, 80).round().tolist()
    rows = [{"days": d, "stopped": int(n % 5 > 0), "cohort": "before" if n < 40 else "after"} for n, d in enumerate(days)]
    crowns, millions = ([{**row, "income": each * unit} for row, each in zip(rows, income, strict=True)] for unit in (1, 1e-6))
    first, second = (lt.compare(times_of(each), adjust="income").adjusted_effects for each in (crowns, millions))
    for one, other in zip(first, second, strict=True):
        figures = [(each.value, each.lower, each.upper) for each in (one.estimate, other.estimate)]
        assert figures[0] == pytest.approx(figures[1], rel=1e-6)
        assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-9)
    statistics = [[test.statistic for test in each[0].proportional.tests] for each in (first, second)]
    assert statistics[0] == pytest.approx(statistics[1], rel=1e-6)


def test_where_an_attributes_scale_begins_changes_nothing() -> None:
    """A column of large numbers that differ by little is no constant: its effect is that of the differences."""
    rows = [
        {"days": 10 + n * 7 % 30 + 3 * (n % 4), "stopped": n % 5 > 0, "cohort": c, "at": n % 4}
        for c in ("before", "after")
        for n in range(20)
    ]
    near, far = (lt.compare(times_of([{**row, "at": row["at"] + begin} for row in rows]), adjust="at") for begin in (0, 10**9))
    for one, other in zip(near.adjusted_effects, far.adjusted_effects, strict=True):
        assert one.because == other.because == ""
        assert one.estimate.value == pytest.approx(other.estimate.value, rel=1e-6)
        assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-6)


def test_strata_are_held_apart_by_cox_and_are_terms_of_the_others() -> None:
    rows, _ = reference("lung")
    result = lt.compare(times_of(cases(rows, "inst")), before="1", after="2", strata="inst", adjust=())
    assert [effect.strata for effect in result.adjusted_effects] == [("inst",)] * 4
    assert result.adjusted_effects[0].estimate.value != pytest.approx(0.5880028, rel=1e-3)
    assert all(effect.estimate.value is not None for effect in result.adjusted_effects)


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"where": "here"}, "the term 'where: there' can't be told|the term"),
        ({"days": 0}, "1 lead time of 0 days"),
        ({"apart": True}, "its likelihood has no maximum"),
    ],
)
def test_what_cannot_be_fitted_says_why(change: dict[str, object], because: str) -> None:
    places = {"before": "here", "after": "there"}
    rows = [{"days": 10 + n * 7 % 30, "stopped": 1, "cohort": c, "where": places[c]} for c in places for n in range(15)]
    if "days" in change:
        rows[3] = {**rows[3], **change}
    if "apart" in change:
        rows = [{**row, "days": row["days"] + (1000 if row["cohort"] == "before" else 0)} for row in rows]
    result = lt.compare(times_of(rows), adjust=("where",) if "where" in change else ())
    failed = [effect for effect in result.adjusted_effects if effect.estimate.value is None]
    assert len(failed) == {"where": 4, "days": 3, "apart": 1}[next(iter(change))]
    assert all(pd.Series([effect.because]).str.contains(because).all() for effect in failed)


def test_ties_are_chosen_in_the_call_and_stand_in_the_table() -> None:
    rows, figures = reference("lung")
    times = times_of(cases(rows))
    for ties in ("efron", "breslow", "exact"):
        result = lt.compare(times, before="1", after="2", adjust=(), ties=ties)
        cox, *families = result.adjusted_effects
        assert cox.estimate.value == pytest.approx(figures["cox"][ties]["hr"], rel=1e-6)
        assert result.adjusted.to_pandas()["ties"].tolist() == [ties, "", "", ""]
        assert [effect.ties for effect in families] == [None] * 3


@pytest.mark.parametrize(
    ("options", "because"),
    [
        ({"ties": "effron", "adjust": ()}, r"ties='effron' isn't allowed; did you mean 'efron'\?"),
        ({"ties": "exact"}, r"ties='exact' goes with adjust; name what to hold equal, or give adjust=\(\)"),
    ],
)
def test_a_wrong_word_for_ties_is_one_clear_line(options: dict, because: str) -> None:
    times = times_of([{"days": 10 + n, "stopped": 1, "cohort": "before" if n < 8 else "after"} for n in range(16)])
    with pytest.raises(lt.UsageError, match=f"^{because}[^\n]*$"):
        lt.compare(times, **options)


@pytest.mark.parametrize(
    ("crossing", "language", "says"),
    [
        (True, "en", "But it changes with time: "),
        (False, "en", "There is no sign that it changes with time: "),
        (True, "sv", "Men den ändras med tiden: "),
        (False, "sv", "Inget tyder på att den ändras med tiden: "),
    ],
)
def test_a_reader_is_told_whether_coxs_ratio_holds_at_all_times(language: str, says: str, *, crossing: bool) -> None:
    random = np.random.default_rng(9)
    rows: list[dict[str, object]] = []
    for number in range(240):
        second = number % 2
        days = random.weibull(3 if second else 0.7) * 100 if crossing else random.exponential(50 if second else 100)
        rows.append({"days": int(days) + 1, "stopped": 1, "cohort": "after" if second else "before"})
    result = lt.compare(times_of(rows), adjust=())
    cox = result.adjusted_effects[0].proportional
    [sentence] = [each for each in result.assumptions(language) if "Cox" in each]
    assert says in sentence
    assert sentence.count("Wald") == 3
    p = "p < 0.001" if crossing else f"p = {cox.tests[0].p_value:.2f}"
    assert (p if language == "en" else p.replace(".", ",")) in sentence
    table = result.proportional_hazards.to_pandas()
    assert table["term"].tolist() == ["cohort", "all terms"]
    assert table["p_value"].tolist() == [test.p_value for test in cox.tests]
    assert (table["early"][0], table["late"][0]) == (cox.early.value, cox.late.value)


@pytest.mark.parametrize("silent", ["before", "after"])
def test_a_cohort_in_which_nobody_finished_has_no_ratio(silent: str) -> None:
    rows = [{"days": 10 + 3 * n, "stopped": int(c != silent), "cohort": c} for c in ("before", "after") for n in range(20)]
    effects = lt.compare(times_of(rows), adjust=()).adjusted_effects
    assert [effect.estimate.value for effect in effects] == [None] * 4
    assert {effect.because for effect in effects} == {
        f"nobody in '{silent}' has finished, so there is no ratio; observe for longer or leave out adjust="
    }


def test_a_term_whose_cases_all_still_wait_has_no_time_ratio() -> None:
    """The likelihood rises for ever with the term; at its flat end the gradient is nothing."""
    rows = [{"days": 10 + 3 * n, "stopped": int(n < 14), "cohort": c, "late": int(n >= 14)} for c in ("before", "after") for n in range(20)]
    effects = lt.compare(times_of(rows), adjust="late").adjusted_effects
    assert [effect.estimate.value for effect in effects] == [None] * 4
    assert all("its likelihood has no maximum" in effect.because for effect in effects)


def test_lead_times_that_are_all_alike_within_cohorts_have_no_time_ratio() -> None:
    alike = [{"days": 50, "stopped": 1, "cohort": c} for c in ("before", "after") for _ in range(20)]
    apart = [{**row, "days": 50 if row["cohort"] == "before" else 30} for row in alike]
    for rows in (alike, apart):
        effects = lt.compare(times_of(rows), adjust=()).adjusted_effects
        assert [effect.estimate.value for effect in effects[1:]] == [None] * 3
        assert all("its likelihood has no maximum" in effect.because for effect in effects[1:])


def test_strata_of_which_each_holds_one_cohort_are_refused() -> None:
    rows = [{"days": 10 + 3 * n, "stopped": 1, "cohort": c, "place": c} for c in ("before", "after") for n in range(20)]
    effects = lt.compare(times_of(rows), strata="place", adjust=()).adjusted_effects
    assert {effect.because for effect in effects} == {"no stratum holds both cohorts, so they can't be compared within strata"}


def test_no_p_value_stands_where_a_half_of_the_follow_up_has_no_ratio() -> None:
    """Over half of the stops are on the last day, so that nothing is seen after the median stop."""
    rows = [{"days": min(10 + 5 * n, 35), "stopped": int(n < 12), "cohort": c} for c in ("before", "after") for n in range(15)]
    result = lt.compare(times_of(rows), adjust=())
    [sentence] = [each for each in result.assumptions("en") if "Cox" in each]
    assert sentence.endswith("Whether it changes with time can't be checked.")
    assert "p =" not in sentence


def test_with_few_stops_in_a_cohort_no_sentence_tells_of_the_halves() -> None:
    rows = [{"days": 10 + 3 * n, "stopped": int(n < 9 or c == "after"), "cohort": c} for c in ("before", "after") for n in range(20)]
    result = lt.compare(times_of(rows), adjust=())
    assert result.adjusted_effects[0].proportional is not None
    assert not any("Cox" in each for each in result.assumptions("en"))


def test_a_missing_library_is_a_usage_error_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    times = times_of([{"days": 10 + n, "stopped": 1, "cohort": "before" if n < 8 else "after"} for n in range(16)])
    monkeypatch.setattr(accelerated, "importlib", type("Library", (), {"import_module": staticmethod(missing)}))
    with pytest.raises(lt.UsageError, match=r"adjust needs statsmodels.*pip install 'leadtime\[adjust\]'"):
        lt.compare(times, adjust=())
    assert lt.compare(times).adjusted_effects == ()
    assert importlib.import_module("statsmodels") is not None


def test_errors_by_person_are_those_of_single_cases_when_all_cases_are_doubled() -> None:
    generator = np.random.default_rng(3)
    days, outcome = np.ceil(generator.exponential(100, 60)), (generator.random(60) < 0.8).astype(int)

    def pair(copies: int) -> Pair:
        parts = []
        for name, rows in (("before", np.arange(30)), ("after", np.arange(30, 60))):
            mine = np.repeat(rows, copies)
            parts.append(Cohort(name, days[mine], outcome[mine], None, mine, None, mine))
        return Pair(*parts)

    for model in ("weibull", "lognormal", "loglogistic"):
        double, triple = (effect_of_model(pair(copies), model, np.zeros((60 * copies, 0))).estimate for copies in (2, 3))
        assert double.value == pytest.approx(triple.value, rel=1e-6)
        assert double.standard_error == pytest.approx(triple.standard_error, rel=1e-6)  # no surer for being repeated
