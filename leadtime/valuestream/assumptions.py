"""What a what-if assumes: each kind of assumption as a value that is checked, said in words, and turned into an expression."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.errors import UsageError, did_you_mean
from leadtime.pathway import Pathway
from leadtime.words import Words, format_duration

__all__ = ["Assumption", "Capped", "InParallel", "Skipped", "Transition", "assumptions_of"]

Transition = tuple[str, str]
Waits = str | Transition  # the waiting of a transition, or all waiting before an activity


@dataclass(frozen=True)
class Capped:
    """Waiting of at most so many days: of one transition, before one activity, or (target None) everywhere; 0 days is none at all."""

    source: str | None
    target: str | None
    days: float

    @property
    def touched(self) -> nw.Expr:
        """The events whose waiting is meant."""
        here = ~nw.col("waited_us").is_null()
        if self.target is not None:
            here = here & (nw.col("activity") == self.target)
        return here if self.source is None else here & (nw.col("source") == self.source)

    @property
    def saved_us(self) -> nw.Expr:
        """What an event of those saves."""
        return nw.max_horizontal(nw.col("waited_us") - round(self.days * DAY_US), nw.lit(0))

    def said(self, text: Words) -> str:
        """The assumption in words."""
        where = "all" if self.target is None else "before" if self.source is None else "between"
        values = {
            "source": self.source, "target": self.target, "days": format_duration(self.days, language=text.language) if self.days else "",
        }  # fmt: skip
        return text.say(f"what_if.{'cap' if self.days else 'remove'}_{where}", values)


@dataclass(frozen=True)
class Skipped:
    """An activity that falls away, with the waiting before it, in a share of the cases that have it."""

    activity: str
    share: float

    @property
    def touched(self) -> nw.Expr:
        """The events that fall away."""
        return nw.col("activity") == self.activity

    @property
    def saved_us(self) -> nw.Expr:
        """What an event of those saves."""
        return nw.coalesce("added_us", nw.lit(0))

    def said(self, text: Words) -> str:
        """The assumption in words."""
        values = {"activity": self.activity, "share": text.percent(self.share)}
        return text.say("what_if.skip" if self.share < 1 else "what_if.skip_all", values)


@dataclass(frozen=True)
class InParallel:
    """Activities that all begin when the first of them did; `after` holds what must come before each, among them."""

    activities: tuple[str, ...]
    after: tuple[tuple[str, tuple[str, ...]], ...]

    def said(self, text: Words) -> str:
        """The assumption in words."""
        return text.say("what_if.parallel", {"activities": text.join(self.activities)})


Assumption = Capped | Skipped | InParallel


def assumptions_of(
    present: Sequence[str],
    pathway: Pathway,
    *,
    remove: Waits | Iterable[Waits] | None,
    cap: float | Mapping[Waits, float] | None,
    parallel: Literal[True] | Sequence[str] | Sequence[Sequence[str]] | None,
    skip: str | Iterable[str] | Mapping[str, float] | None,
) -> list[Assumption]:
    """Turns the arguments of `what_if` into assumptions, a row each, in the order given.

    Raises:
        UsageError: an activity isn't in the log, or an amount isn't allowed.
    """
    found: list[Assumption] = [_capped("remove", wait, 0.0, present) for wait in _waits(remove)]
    if isinstance(cap, Mapping):
        found += [_capped("cap", wait, _days(days), present) for wait, days in cap.items()]
    elif cap is not None:
        found.append(Capped(None, None, _days(cap)))
    found += [_parallel(group, pathway, present) for group in _groups(parallel, pathway)]
    found += [_skipped(activity, share, pathway, present) for activity, share in _shares(skip).items()]
    return found


def _waits(remove: Waits | Iterable[Waits] | None) -> list[Waits]:
    if remove is None:
        return []
    if isinstance(remove, str):
        return [remove]
    return [remove] if _is_transition(remove) else list(remove)  # type: ignore[list-item]  # a pair is one transition


def _is_transition(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(name, str) for name in value)


def _capped(argument: str, wait: Waits, days: float, present: Sequence[str]) -> Capped:
    if not (isinstance(wait, str) or _is_transition(wait)):
        raise UsageError(
            f"{argument}={wait!r} isn't allowed; give a transition as ('source', 'target'), or the activity that is waited for"
        )
    source, target = (None, wait) if isinstance(wait, str) else wait
    for name in (source, target):
        if name is not None:
            _require(name, argument, present)
    return Capped(source, target, days)


def _require(name: str, argument: str, present: Sequence[str]) -> None:
    if name not in present:
        raise UsageError(f"{argument} names '{name}', which is no activity of the log{did_you_mean(name, present)}")


def _days(days: float) -> float:
    if isinstance(days, bool) or not isinstance(days, (int, float)) or not (math.isfinite(days) and days >= 0):
        raise UsageError(f"cap={days!r} isn't allowed; give a number of days from 0 up")
    return float(days)


def _groups(parallel: Literal[True] | Sequence[str] | Sequence[Sequence[str]] | None, pathway: Pathway) -> list[tuple[str, ...]]:
    if parallel is None:
        return []
    if parallel is True:
        declared = tuple(name for name, activity in pathway.activities.items() if activity.kind == "assessment")
        if len(declared) < 2:
            raise UsageError(
                f"parallel=True needs two or more activities of kind 'assessment' in the pathway, which has {len(declared)}; name them"
            )
        return [declared]
    if isinstance(parallel, str):
        raise UsageError(f"parallel='{parallel}' isn't allowed; name two or more activities")
    if all(isinstance(name, str) for name in parallel):
        return [tuple(parallel)] if parallel else []  # type: ignore[arg-type]
    return [tuple(group) for group in parallel]


def _parallel(group: tuple[str, ...], pathway: Pathway, present: Sequence[str]) -> InParallel:
    named = tuple(dict.fromkeys(group))
    if len(named) < 2:
        raise UsageError(f"parallel={list(group)} isn't allowed; name two or more activities")
    for name in named if any(name not in pathway.activities for name in named) else ():
        _require(name, "parallel", [*present, *pathway.activities])
    return InParallel(named, tuple((name, _before(name, named, pathway)) for name in named))


def _before(name: str, named: tuple[str, ...], pathway: Pathway) -> tuple[str, ...]:
    """Which of the named must come before one of them, directly or by way of other activities."""
    found: list[str] = []
    passed: set[str] = set()
    waiting = [name]
    while waiting:
        declared = pathway.activities.get(waiting.pop())
        for other in declared.after if declared else ():
            if other in named:
                found.append(other)
            elif other not in passed:
                passed.add(other)
                waiting.append(other)
    return tuple(dict.fromkeys(found))


def _shares(skip: str | Iterable[str] | Mapping[str, float] | None) -> dict[str, float]:
    if skip is None:
        return {}
    if isinstance(skip, Mapping):
        return dict(skip)
    return dict.fromkeys([skip] if isinstance(skip, str) else skip, 1.0)


def _skipped(activity: str, share: float, pathway: Pathway, present: Sequence[str]) -> Skipped:
    _require(activity, "skip", present)
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise UsageError(f"skip={{'{activity}': {share!r}}} isn't allowed; give the share of its cases, from 0 to 1")
    clock = {name for milestone in (pathway.start, *pathway.stop) for name in pathway.milestones[milestone].activities}
    if activity in clock:
        raise UsageError(f"skip names '{activity}', which starts or stops the clock; name a step between")
    return Skipped(activity, float(share))
