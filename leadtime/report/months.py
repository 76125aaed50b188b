"""The section on where the months went: the change of the mean lead time by what the time was spent on, and by segment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from leadtime.compare import Attribution, Comparison
from leadtime.compare.attributing import attribution_of
from leadtime.disclosure import HIDDEN
from leadtime.errors import NotEstimable, UsageError
from leadtime.report.model import Block, TableBlock, TextBlock
from leadtime.results import Estimate, Value

if TYPE_CHECKING:
    from leadtime.report.parts import Part

__all__ = ["kinds", "months", "split_change"]

_DRAWS, _FEWEST_DRAWS, _MOST_DRAWN = 1000, 200, 10_000_000


def split_change(comparison: Comparison, over: Literal["segments", "time_split"]) -> Attribution | None:
    """Splits the change of the comparison, up to its own horizon; None where it has none, or no pathway."""
    cases = sum(cohort.n for cohort in comparison.cohorts)
    draws = max(_FEWEST_DRAWS, min(_DRAWS, _MOST_DRAWN // max(cases, 1)))  # with so many cases a limit needs few to hold still
    try:
        return attribution_of(comparison, over=over, draws=draws)
    except (NotEstimable, UsageError):
        return None


def months(part: Part) -> Iterable[Block]:
    """Gives the change of the mean lead time by segment of the pathway."""
    yield from _section("segments", "segment", part.found.segments, part)


def kinds(part: Part) -> Iterable[Block]:
    """Gives the change by what the time was spent on; first the waste that all others are measured against, waiting."""
    found = part.found.kinds
    if found is not None and not part.too_few:
        yield TextBlock((_waiting(found, part),))
    yield from _section("kinds", "time_kind", found, part)


def _section(name: str, first: str, found: Attribution | None, part: Part) -> Iterable[Block]:
    phrases = part.phrases
    if part.found.comparison is None:
        return
    if found is None:
        yield TextBlock((phrases.say("months_none"),), "note")
        return
    yield TextBlock((phrases.say(f"{name}_intro", {"tau": part.tau}),))
    yield _table(name, first, found, part)
    yield TextBlock((phrases.say("months_note", {"confidence": part.confidence}),), "note")


def _waiting(kinds: Attribution, part: Part) -> str:
    """The one waste that the rest is measured against, in a sentence."""
    row = next(row for row in kinds.segments if row.segment == "waiting")
    text = part.phrases.text
    shares = [
        days / whole for days, whole in ((row.before_days, kinds.total_before_days), (row.after_days, kinds.total_after_days)) if whole
    ]
    if len(shares) < 2:
        return part.phrases.say("months_no_time")
    values = {
        "before": part.phrases.duration(row.before_days), "after": part.phrases.duration(row.after_days),
        "share_before": text.percent(shares[0]), "share_after": text.percent(shares[1]),
    }  # fmt: skip
    return part.phrases.say("months_waiting", values)


def _table(name: str, first: str, found: Attribution, part: Part) -> TableBlock:
    columns = [part.column(first)]
    columns += [part.column(key, "days") for key in ("before_days", "after_days", "change_days", "lower_days", "upper_days")]
    columns.append(part.column("share_of_change", "percent"))
    rows = [
        _cells(_name(row.segment, first, part), row.before_days, row.after_days, row.change, row.share, part)
        for row in found.segments
        if row.before_days or row.after_days or first == "segment"
    ]
    clear = found.segments[0].share is not None
    whole = (found.total_before_days, found.total_after_days, found.total, 1.0 if clear else None)
    return part.table(name, columns, [*rows, _cells(part.phrases.say("months_whole"), *whole, part)])


def _cells(label: str, before: float, after: float, change: Estimate, share: float | None, part: Part) -> tuple[Value, ...]:
    if part.too_few:
        return (label, *[HIDDEN] * 6)
    none = part.phrases.say("months_no_share") if share is None else 100 * share
    return (label, before, after, change.value, change.lower, change.upper, none)


def _name(segment: str, first: str, part: Part) -> str:
    """A kind of time or a segment in the language."""
    phrases = part.phrases
    if first == "time_kind":
        return phrases.say(f"time_kind.{segment}")
    source, _, targets = segment.partition(" > ")
    target = " / ".join(phrases.milestone(name) for name in targets.split("/"))
    return phrases.say("step", {"source": phrases.milestone(source), "target": target})
