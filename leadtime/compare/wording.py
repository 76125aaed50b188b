"""A comparison handed to the words: the facts of its headline, and a sentence for each entry of its audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from leadtime import words

if TYPE_CHECKING:
    from leadtime.compare.result import AuditEntry, CohortEstimate, Comparison

__all__ = ["audit_sentence", "bias_note", "facts_of", "headline"]


def facts_of(comparison: Comparison) -> words.HeadlineFacts:
    """Gives what the headline says, as plain figures."""
    first, second = (_cohort_facts(cohort) for cohort in comparison.cohorts)
    permuted = "permutation" in comparison.test.method or comparison.test.draws is not None
    return words.HeadlineFacts(
        before=first,
        after=second,
        median_ratio=comparison.median_ratio,
        p_value=comparison.test.p_value,
        test="permutation_log_rank" if permuted else "log_rank",
        tau=comparison.tau,
        restricted_mean_difference=comparison.restricted_mean_difference,
    )


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
    )


def headline(comparison: Comparison, language: Literal["en", "sv"]) -> str:
    """Gives the comparison in one careful sentence or a few, on one line."""
    return words.headline(facts_of(comparison), language=language)


def bias_note(comparison: Comparison, language: Literal["en", "sv"]) -> str:
    """Gives the completed-only medians, named as biased."""
    return words.bias_note(facts_of(comparison), language=language)


def audit_sentence(entry: AuditEntry, language: Literal["en", "sv"]) -> str:
    """Gives an entry of the audit in one plain sentence."""
    text = words.words(language)
    effect = "" if entry.effect is None else str(entry.effect)
    if entry.effect is not None and entry.unit == "days":
        effect = words.format_duration(abs(entry.effect), language=language)
    elif entry.effect is not None and entry.unit == "share":
        effect = text.percent(entry.effect)
    code = "completed-only-unknown" if entry.code == "completed-only" and not effect else entry.code
    return text.say(f"audit.{code}", {"cases": text.count("unit.case", entry.cases), "effect": effect})
