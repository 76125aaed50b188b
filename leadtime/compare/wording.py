"""A comparison handed to the words: the facts of its headline, what it takes for granted, and a sentence for each entry of its audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from leadtime import words

if TYPE_CHECKING:
    from leadtime.compare.adjusted import AdjustedEffect
    from leadtime.compare.audit import AuditCheck, AuditEntry
    from leadtime.compare.result import CohortEstimate, Comparison
    from leadtime.compare.sensitivity import SensitivityRow
    from leadtime.results import Estimate
    from leadtime.words import Language

__all__ = ["assumptions", "audit_sentence", "bias_note", "difference", "facts_of", "headline", "lacking_sentence"]

# Below this p the hazards are said not to be in proportion.
_OUT_OF_PROPORTION = 0.05
# With fewer in a cohort its halves would tell of under 5 persons each, and the check tells nothing.
_FEWEST_STOPS = 10
_SOME = 2  # cases, for the sentence to speak of several where it doesn't tell how many


def facts_of(comparison: Comparison) -> words.HeadlineFacts:
    """Gives what the headline says, as plain figures."""
    first, second = (_cohort_facts(cohort) for cohort in comparison.cohorts)
    return words.HeadlineFacts(
        before=first,
        after=second,
        median_ratio=comparison.median_ratio,
        p_value=comparison.test.p_value,
        test=_test_name(comparison),
        tau=comparison.tau,
        restricted_mean_difference=comparison.restricted_mean_difference,
        statistic=comparison.statistic,
        comparable=comparison.comparable,
    )


def _test_name(comparison: Comparison) -> words.TestName:
    permuted = comparison.test.name.startswith("permutation")
    if comparison.statistic == "restricted_mean":
        return "permutation_restricted_mean" if permuted else "restricted_mean"
    return "permutation_log_rank" if permuted else "log_rank"


def _cohort_facts(cohort: CohortEstimate) -> words.CohortFacts:
    return words.CohortFacts(
        label=cohort.name,
        n=cohort.n,
        open=cohort.open,
        left=cohort.left,
        median=cohort.median,
        done=cohort.done,
        left_probability=cohort.left_early.value if cohort.left_early else None,
        completed_only_median=cohort.completed_only_median,
        restricted_mean=cohort.restricted_mean,
    )


def headline(comparison: Comparison, language: Language) -> str:
    """Gives the comparison in one careful sentence or a few, on one line."""
    return words.headline(facts_of(comparison), language=language)


def bias_note(comparison: Comparison, language: Language) -> str:
    """Gives the completed-only medians, named as biased."""
    return words.bias_note(facts_of(comparison), language=language)


def assumptions(comparison: Comparison, language: Language) -> tuple[str, ...]:
    """Gives what the comparison takes for granted, a sentence each."""
    text = words.words(language)
    said = []
    for site, day in comparison.break_dates.items():
        key = "assumption.break_date_of_site" if site else "assumption.break_date"
        said.append(text.say(key, {"site": site, "date": _date(day, text)}))
    if comparison.washout:
        said.append(text.say("assumption.washout", {"days": text.count("unit.day", comparison.washout)}))
    if comparison.cohort_rule != "start":
        said.append(text.say(f"assumption.rule_{comparison.cohort_rule}"))
    if comparison.condition_on:
        said.append(text.say("assumption.condition_on", {"time": words.format_duration(comparison.condition_on, language=language)}))
    if any(cohort.left for cohort in comparison.cohorts):
        said.append(text.say("assumption.leavers"))
    if comparison.tau is not None:
        said.append(text.say("assumption.horizon", {"tau": words.format_duration(comparison.tau, language=language)}))
    said += _proportions(comparison, text)
    said.append(text.say("assumption.persons" if comparison.unit == "persons" else "notice.one_case_one_child"))
    if comparison.departures:
        said.append(text.say("assumption.departures", {"options": text.join(comparison.departures)}))
    return tuple(said)


def _proportions(comparison: Comparison, text: words.Words) -> list[str]:
    """A sentence on Cox's model, if there is one and enough cases have stopped."""
    if min(cohort.observed for cohort in comparison.cohorts) < _FEWEST_STOPS:
        return []
    return [
        _proportion(effect, text) for effect in comparison.adjusted_effects if effect.model == "cox" and effect.estimate.value is not None
    ]


def _proportion(effect: AdjustedEffect, text: words.Words) -> str:
    """Cox's ratio and whether it holds at all times. Without n, by which a reader could count those left out for a missing covariate."""
    sentence = text.say("assumption.hazards", {"ratio": _hazard_ratio(effect.estimate, text)})
    found = effect.proportional
    p_value = found.tests[0].p_value if found else None
    if found is None or p_value is None or None in (found.early.value, found.late.value):
        return f"{sentence} {text.say('assumption.hazards_unchecked')}"
    parts = {"early": _hazard_ratio(found.early, text), "late": _hazard_ratio(found.late, text), "p": text.p_value(p_value)}
    verdict = text.say("assumption.hazards_differ" if p_value < _OUT_OF_PROPORTION else "assumption.hazards_alike", parts)
    return f"{sentence} {verdict}"


def _hazard_ratio(estimate: Estimate, text: words.Words) -> str:
    if estimate.value is None or estimate.lower is None or estimate.upper is None:
        return text.say("value.not_computable")
    lower, upper = (text.number(value, digits=2, fixed=True) for value in (estimate.lower, estimate.upper))
    interval = text.say("headline.interval", {"confidence": text.percent(estimate.confidence), "lower": lower, "upper": upper})
    value, kind = text.number(estimate.value, digits=2, fixed=True), text.say(f"interval_kind.{estimate.interval}")
    return text.say("assumption.hazard_ratio", {"value": value, "interval": interval, "kind": kind})


def _date(day: str, text: words.Words) -> str:
    from datetime import date

    return text.date(date.fromisoformat(day))


def difference(row: SensitivityRow, language: Language, *, milestone: Callable[[str], str] = str) -> str:
    """Says in which respects a definition differs from the declared one; `milestone` gives a milestone's name in the language."""
    text = words.words(language)
    if not row.differs:
        return text.say("definition_matrix.declared")
    parts = []
    for name in row.differs:
        value = getattr(row.definition, name)
        named = milestone if name in ("start", "stop") else str
        said = text.join([named(one) for one in value]) if isinstance(value, tuple) else named(str(value))
        known = text.texts.get(f"definition_matrix.{name}.{said}")
        parts.append(known or text.say(f"definition_matrix.{name}.named", {"name": said}))
    return "; ".join(parts)


def audit_sentence(entry: AuditEntry, language: Language, *, cases: str | None = None, hidden: str | None = None) -> str:
    """Gives an entry of the audit in one plain sentence.

    Args:
        entry: the entry.
        language: of the sentence.
        cases: what stands instead of the number of cases, where that is hidden.
        hidden: what stands instead of a share, where that would give a hidden number away.
    """
    text = words.words(language)
    amounts = {"effect": (entry.effect, entry.unit), **entry.more}
    values: dict[str, object] = {"cases": cases if cases is not None else text.count("unit.case", entry.cases)}
    for name, (value, unit) in amounts.items():
        values[name] = hidden if hidden is not None and unit == "share" else _said(value, unit, text)
    key = f"audit.{entry.code}" + (f"-{entry.variant}" if entry.variant else "")
    if entry.effect is None and f"{key}-unknown" in text.keys:
        key = f"{key}-unknown"
    several = entry.cases if cases is None else _SOME
    sentence = text.count(key, several, values) if key in text.plurals else text.say(key, values)
    return sentence[:1].upper() + sentence[1:]


def _said(value: float | str | None, unit: str, text: words.Words) -> str:
    """A value of the audit in words."""
    if value is None:
        return text.say("value.not_computable")
    if isinstance(value, str):
        return value
    if unit == "days":
        return words.format_duration(abs(value), language=text.language)
    if unit == "change":
        return words.format_change(value, language=text.language)
    if unit == "age":
        return words.format_age_change(value, language=text.language)
    if unit == "ratio":
        return words.format_ratio(value, language=text.language)
    return text.percent(value) if unit == "share" else text.number(value)


def lacking_sentence(check: AuditCheck, language: Language) -> str:
    """Says why a code of the audit couldn't be looked for."""
    text = words.words(language)
    key = f"audit_lacks.{check.needs}"
    return text.say(key if key in text.texts else "audit_lacks.column", {"name": check.needs})
