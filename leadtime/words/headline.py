"""The headline: what a comparison of two cohorts shows, in sentences that claim no more than the figures hold.

"Fell" or "rose", and "shorter" or "longer", are said only where the declared test's p value is under 0.05 *and* the interval excludes no
change. Where the test finds a difference whose size the interval leaves open, just that is said, and where it finds none the change is
given with a sign. A p value never stands without its effect; what isn't reached is said in words (DEFINITIONS 3.2, 3.4-3.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from leadtime.results import Estimate
from leadtime.words.amounts import format_change, format_duration, format_signed
from leadtime.words.catalogue import Words, words

__all__ = ["SIGNIFICANT", "CohortFacts", "HeadlineFacts", "TestName", "bias_note", "headline"]

TestName = Literal["log_rank", "permutation_log_rank", "restricted_mean", "permutation_restricted_mean"]

SIGNIFICANT = 0.05
LEAVERS_SHOWN_ABOVE = 0.10  # share that left before tau, DEFINITIONS 3.4


@dataclass(frozen=True)
class CohortFacts:
    """What the headline says of one cohort; durations in days.

    `n` cases, `open` of them still waiting and `left` gone otherwise; a number that may not be shown is None, and `unfinished` may tell
    the sum of the two instead. `done` is P(stopped by tau); `left_probability` is P(left by tau); `completed_only_median` is the biased
    figure of the finished cases alone.
    """

    label: str
    n: int | None
    open: int | None
    left: int | None
    median: Estimate
    done: Estimate | None = None
    left_probability: float | None = None
    completed_only_median: float | None = None
    unfinished: int | None = None
    restricted_mean: Estimate | None = None


@dataclass(frozen=True)
class HeadlineFacts:
    """A comparison in the figures that its headline needs.

    `median_ratio` is after/before; `restricted_mean_difference` after - before in days up to `tau` days; `statistic` is the declared
    one, to which `p_value` belongs. Where the cohorts aren't `comparable`, no change is said.
    """

    before: CohortFacts
    after: CohortFacts
    median_ratio: Estimate
    p_value: float | None
    test: TestName = "log_rank"
    tau: float | None = None
    restricted_mean_difference: Estimate | None = None
    statistic: Literal["median", "restricted_mean"] = "median"
    comparable: bool = True


def headline(facts: HeadlineFacts, *, language: str = "en") -> str:
    """Gives the headline of a comparison on one line with ordinary spaces.

    Args:
        facts: the figures.
        language: the code of a catalogue.

    Returns:
        The change with its interval and test; each cohort's interval and numbers; where over 10 % left before tau, P(done by tau).

    Raises:
        UsageError: if the language has no catalogue.

    Source: DEFINITIONS 3.2, 3.4, 3.5, 3.6.

    >>> before = CohortFacts("before", 90, 12, 0, Estimate(806.6, 745.0, 880.0, interval="log-log"))
    >>> after = CohortFacts("after", 80, 9, 0, Estimate(258.7, 220.0, 300.0, interval="log-log"))
    >>> print(headline(HeadlineFacts(before, after, Estimate(0.321, 0.26, 0.40, interval="MOVER"), 0.00001)).split(" Median before")[0])
    Median lead time fell from 2 years 2.5 months to 8.5 months: 68 % shorter (95 % CI 60 to 74 % shorter; log-rank p < 0.001).
    """
    text = words(language)
    sentences = [_change(facts, text), _cohort(facts.before, "before", text), _cohort(facts.after, "after", text)]
    sentences.append(_method(facts, text))
    if _many_left(facts):
        sentences.append(_done(facts, text))
    return " ".join(sentence for sentence in sentences if sentence)


def _method(facts: HeadlineFacts, text: Words) -> str:
    """How it was counted, with the kind of each interval that is shown."""
    change = facts.restricted_mean_difference if _is_of_means(facts) else facts.median_ratio
    shown = [("limits_of_medians", facts.before.median), ("limits_of_change", change if facts.comparable else None)]
    limits = [
        text.say(f"headline.{key}", {"kind": text.texts.get(f"interval_kind.{each.interval}", each.interval)})
        for key, each in shown
        if each is not None and each.value is not None and each.interval != "none" and (each.lower is not None or each.upper is not None)
    ]
    values = {"limits": ", ".join(limits)}
    return text.say("headline.method_with_limits", values) if limits else text.say("headline.method")


def _is_of_means(facts: HeadlineFacts) -> bool:
    """Whether the change that is said is that of restricted means."""
    return facts.statistic == "restricted_mean" or facts.median_ratio.value is None


def bias_note(facts: HeadlineFacts, *, language: str = "en") -> str:
    """Gives the completed-only medians, named as biased, with how far each lies from the estimate; empty where there are none.

    Args:
        facts: the figures.
        language: the code of a catalogue.

    Returns:
        One sentence, to stand only beside the headline.

    Raises:
        UsageError: if the language has no catalogue.

    Source: DEFINITIONS 3.4.
    """
    text = words(language)
    if facts.before.completed_only_median is None or facts.after.completed_only_median is None:
        return ""
    values: dict[str, object] = {}
    for name, cohort in (("before", facts.before), ("after", facts.after)):
        values[name] = format_duration(cohort.completed_only_median, language=language)
        values[f"{name}_bias"] = _bias(cohort, text)
    return text.say("headline.completed_only", values)


def _change(facts: HeadlineFacts, text: Words) -> str:
    """The first sentence: the change of the declared statistic, or of restricted means where a median isn't reached or is 0."""
    before, after, ratio = facts.before.median.value, facts.after.median.value, facts.median_ratio
    values = {name: format_duration(days, language=text.language) for name, days in (("before", before), ("after", after))}
    if not facts.comparable:
        return text.say("headline.not_comparable", values)
    if facts.statistic == "restricted_mean":
        return _restricted(facts, text) or text.say("headline.no_horizon")
    if before is None or after is None:
        which = "neither" if before is None and after is None else "only_after" if before is None else "only_before"
        return " ".join(part for part in (text.say(f"headline.{which}", values), _restricted(facts, text)) if part)
    if ratio.value is None:
        return " ".join(part for part in (text.say("headline.no_ratio", values), _restricted(facts, text)) if part)
    found = _finding(ratio, 1.0, facts.p_value)
    say = _percent_change if found in ("shorter", "longer") else _signed_percent
    effect = text.say("headline.effect", {"effect": say(ratio.value, text), "interval": _ratio_interval(facts, found, text)})
    return text.say(f"headline.{found}", {**values, "effect": effect})


def _restricted(facts: HeadlineFacts, text: Words) -> str:
    """The change of restricted means: the effect that stands where it is the declared one, or where there is no ratio of medians."""
    change, tau = facts.restricted_mean_difference, facts.tau
    if change is None or change.value is None or tau is None:
        return ""
    found = _finding(change, 0.0, facts.p_value)
    say = format_change if found in ("shorter", "longer") else format_signed
    ends = [("no_lower", change.lower), ("no_upper", change.upper)]
    if found == "shorter":
        ends.reverse()  # the smaller change first
    elif found != "longer":
        ends = [("open_below", change.lower), ("open_above", change.upper)]
    first, last = (text.say(f"headline.{name}") if days is None else say(days, language=text.language) for name, days in ends)
    interval = _interval(change, first, last, facts, text)
    values = {
        "tau": format_duration(tau, language=text.language),
        "effect": text.say("headline.effect", {"effect": say(change.value, language=text.language), "interval": interval}),
        "between": _between(facts, text),
    }
    return text.say(f"headline.restricted_{found}", values)


def _between(facts: HeadlineFacts, text: Words) -> str:
    """From one restricted mean to the other, where both may be shown; it stands after a word, so it begins with a space."""
    before, after = facts.before.restricted_mean, facts.after.restricted_mean
    if before is None or after is None:
        return ""
    values = {name: format_duration(mean.value, language=text.language) for name, mean in (("before", before), ("after", after))}
    return " " + text.say("headline.between", values)


def _finding(change: Estimate, none: float, p: float | None) -> Literal["shorter", "longer", "differs", "unclear"]:
    """What the declared test and the interval show together: a change with its direction, that there is one of unknown size, or nothing."""
    if p is None or p >= SIGNIFICANT:
        return "unclear"
    if change.upper is not None and change.upper < none:
        return "shorter"
    return "longer" if change.lower is not None and change.lower > none else "differs"


def _cohort(cohort: CohortFacts, role: str, text: Words) -> str:
    """One cohort: its median's interval and its numbers; its name where the data call it otherwise than before and after."""
    name = text.say(f"cohort.{role}")
    label = name if cohort.label.casefold() in (role, name.casefold()) else text.say("cohort.named", {"role": name, "label": cohort.label})
    median = cohort.median
    lower, upper = (format_duration(limit, language=text.language) for limit in (median.lower, median.upper))
    interval = text.say("headline.interval", {"confidence": text.percent(median.confidence), "lower": lower, "upper": upper})
    values: Mapping[str, object] = {"label": label, "interval": interval, "numbers": _numbers(cohort, text)}
    return text.say("headline.cohort" if median.interval != "none" else "headline.cohort_without_interval", values)


def _numbers(cohort: CohortFacts, text: Words) -> str:
    """The cohort's numbers, as far as they may be shown."""
    if cohort.n is None:
        return text.say("headline.numbers_hidden")
    if cohort.open is None or cohort.left is None:
        if cohort.unfinished is None:
            return text.say("headline.numbers_partly", {"n": text.integer(cohort.n)})
        return text.say("headline.numbers_unfinished", {"n": text.integer(cohort.n), "unfinished": text.integer(cohort.unfinished)})
    parts = [text.say(f"headline.{key}", {"n": text.integer(n)}) for key, n in (("waiting", cohort.open), ("left", cohort.left)) if n]
    values = {"n": text.integer(cohort.n), "parts": text.join(parts) if parts else ""}
    return text.say("headline.numbers" if parts else "headline.numbers_all_done", values)


def _many_left(facts: HeadlineFacts) -> bool:
    return any((cohort.left_probability or 0.0) > LEAVERS_SHOWN_ABOVE for cohort in (facts.before, facts.after))


def _done(facts: HeadlineFacts, text: Words) -> str:
    """P(done by tau) of both cohorts, for where many left."""
    before, after = facts.before.done, facts.after.done
    if facts.tau is None or before is None or after is None or before.value is None or after.value is None:
        return ""
    values: dict[str, object] = {"tau": format_duration(facts.tau, language=text.language)}
    return text.say("headline.done", {**values, "before": _share(before, text), "after": _share(after, text)})


def _share(estimate: Estimate, text: Words) -> str:
    share = text.percent(estimate.value or 0.0)
    if estimate.lower is None or estimate.upper is None:
        return share
    lower, upper = text.number(100 * estimate.lower, digits=0), text.percent(estimate.upper)
    interval = text.say("headline.interval", {"confidence": text.percent(estimate.confidence), "lower": lower, "upper": upper})
    return f"{share} ({interval})"


def _bias(cohort: CohortFacts, text: Words) -> str:
    """How far the completed-only median lies from the estimate."""
    if cohort.median.value is None or cohort.completed_only_median is None:
        return text.say("headline.bias_unknown")
    change = format_change(cohort.completed_only_median - cohort.median.value, language=text.language)
    return text.say("headline.bias_none") if change == text.say("change.none") else text.say("headline.bias", {"change": change})


def _ratio_interval(facts: HeadlineFacts, found: str, text: Words) -> str:
    """The interval of a ratio as percent: ``60 to 74 % shorter``, smaller change first; ``-10 % to +5 %`` where no change is claimed."""
    ratio = facts.median_ratio
    lower, upper = ratio.lower, ratio.upper
    say = _percent_change if found in ("shorter", "longer") else _signed_percent
    opened = ("no_lower", "no_upper") if found in ("shorter", "longer") else ("open_below", "open_above")
    first = text.say(f"headline.{opened[0]}") if lower is None else say(lower, text)
    last = text.say(f"headline.{opened[1]}") if upper is None else say(upper, text)
    if found == "shorter" and upper is not None:
        first, last = (last, first) if lower is None else (_percent(upper, text), first)
    elif found == "longer" and lower is not None and upper is not None:
        first = _percent(lower, text)
    return _interval(ratio, first, last, facts, text)


def _interval(change: Estimate, first: str, last: str, facts: HeadlineFacts, text: Words) -> str:
    """The interval with the test's p value, which never stands alone; where neither limit can be given, that is said instead."""
    values = {"confidence": text.percent(change.confidence), "lower": first, "upper": last}
    unfinished = any(cohort.open or cohort.left or cohort.unfinished or cohort.open is None for cohort in (facts.before, facts.after))
    opened = "interval_open" if unfinished else "interval_open_all_done"
    interval = text.say(f"headline.{opened if change.lower is None and change.upper is None else 'interval'}", values)
    if facts.p_value is None:
        return interval
    return text.say("headline.with_test", {"interval": interval, "test": text.say(f"test.{facts.test}"), "p": text.p_value(facts.p_value)})


def _percent(ratio: float, text: Words) -> str:
    """The size of a change in percent, as a bare number; under one percent with a decimal, so that it isn't shown as none."""
    size = abs(100 * (ratio - 1))
    return text.number(size, digits=1 if 0 < size < 1 else 0)


def _signed_percent(ratio: float, text: Words) -> str:
    """A change as ``-12 %`` or ``+5 %``: for where the word shorter would claim what isn't shown."""
    if ratio == 1:
        return text.say("change.none")
    return text.say("change.minus" if ratio < 1 else "change.plus", {"amount": text.say("format.percent", {"n": _percent(ratio, text)})})


def _percent_change(ratio: float, text: Words) -> str:
    if ratio == 1:
        return text.say("change.none")
    amount = text.say("format.percent", {"n": _percent(ratio, text)})
    return text.say("change.shorter" if ratio < 1 else "change.longer", {"amount": amount})
