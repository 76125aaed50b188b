"""How a comparison is laid out: what was given in the call, else what the pathway file declares, else the defaults.

Source: DEFINITIONS 2.5 (the break date is inclusive; starts in the washout are left out and counted), 2.6 (persons).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, get_args

from leadtime.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from leadtime.cases import LeadTimes
    from leadtime.pathway import ComparisonDesign

__all__ = ["BreakDate", "CohortRule", "Design", "Given", "Statistic", "Ties", "day_of_text", "design_of"]

CohortRule = Literal["start", "stop", "exclude", "split"]
Statistic = Literal["median", "restricted_mean"]
Ties = Literal["efron", "breslow", "exact"]
BreakDate = str | date | Mapping[str, str | date]

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Design:
    """How the comparison is laid out.

    Cohorts come from the attribute `by`, or from dates where `break_dates` holds any: site to ISO date, under "" one date for all.
    """

    by: str
    before: str
    after: str
    break_dates: Mapping[str, str]
    washout: int
    site: str | None
    only_site: str | None
    cohort_rule: CohortRule
    statistic: Statistic
    strata: tuple[str, ...]
    adjust: tuple[str, ...] | None
    ties: Ties
    tau: float | Literal["last"] | None
    condition_on: float
    departures: tuple[str, ...]

    @property
    def by_date(self) -> bool:
        """Whether the cohorts come from dates."""
        return bool(self.break_dates)

    @property
    def break_date(self) -> str | None:
        """The one break date; None without one, or where sites have their own."""
        return self.break_dates.get("")

    @property
    def staggered(self) -> bool:
        """Whether sites have break dates of their own."""
        return self.by_date and "" not in self.break_dates

    @property
    def attributes(self) -> tuple[str, ...]:
        """The case attributes that the design needs."""
        wanted = (None if self.by_date else self.by, self.site, *self.strata, *(self.adjust or ()))
        return tuple(dict.fromkeys(name for name in wanted if name))


@dataclass(frozen=True)
class Given:
    """What the caller of `compare` gave; None for what was left to the pathway file and the defaults."""

    by: str | None
    before: str | None
    after: str | None
    break_date: BreakDate | None
    washout: int | None
    site: str | None
    cohort_rule: CohortRule | None
    statistic: Statistic | None
    strata: str | Sequence[str] | None
    adjust: str | Sequence[str] | None
    ties: Ties
    tau: float | Literal["last"] | None
    condition_on: float | None


def design_of(times: LeadTimes, given: Given) -> Design:
    """Decides the design.

    Raises:
        UsageError: an option isn't allowed, or needs another that isn't there.
        InputError: there is no such attribute.
    """
    declared = times.pathway.comparison if times.pathway else None
    breaks = _breaks(given, declared)
    rule = _chosen(given.cohort_rule, declared if breaks else None, "cohort_rule") or "start"
    statistic = _chosen(given.statistic, declared, "statistic") or "median"
    _allowed("cohort_rule", rule, get_args(CohortRule))
    _allowed("statistic", statistic, get_args(Statistic))
    _allowed("ties", given.ties, get_args(Ties))
    if given.ties != "efron" and given.adjust is None:
        raise UsageError(f"ties='{given.ties}' goes with adjust; name what to hold equal, or give adjust=() for the cohort alone")
    if rule != "start" and not breaks:
        raise UsageError(f"cohort_rule='{rule}' goes with break_date; give the date on which the change began")
    site, only_site = _site(times, _chosen(given.site, declared, "site") or ("site" if _per_site(breaks) else None))
    if only_site is not None and _per_site(breaks):
        breaks = _of_site(breaks, only_site)
    return Design(
        by=_chosen(given.by, declared, "by") or "cohort",
        before=_chosen(given.before, declared, "before") or "before",
        after=_chosen(given.after, declared, "after") or "after",
        break_dates=breaks,
        washout=_washout(given, declared, breaks=breaks),
        site=site,
        only_site=only_site,
        cohort_rule=rule,  # type: ignore[arg-type]
        statistic=statistic,  # type: ignore[arg-type]
        strata=_several(given.strata) or ((site,) if site and not only_site else ()),
        adjust=None if given.adjust is None else _several(given.adjust),
        ties=given.ties,
        tau=given.tau if given.tau is not None else (declared.tau if declared else None),
        condition_on=_condition(given.condition_on),
        departures=_departures(given, declared),
    )


def day_of_text(text: str) -> int:
    """The day number of an ISO date."""
    return (date.fromisoformat(text) - _EPOCH).days


def _chosen(value: str | None, declared: ComparisonDesign | None, name: str) -> str | None:
    found: str | None = value if value is not None else getattr(declared, name, None)
    return found


def _allowed(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise UsageError(f"{name}='{value}' isn't allowed{did_you_mean(value, allowed)}")


def _several(names: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if names is None else (names,) if isinstance(names, str) else tuple(names)


def _breaks(given: Given, declared: ComparisonDesign | None) -> dict[str, str]:
    """The break dates by site, under "" where one holds for all; a cohort named in the call wins over declared dates."""
    if isinstance(given.break_date, Mapping):
        found = {str(site): str(day) for site, day in given.break_date.items()}
    elif given.break_date is not None:
        found = {"": str(given.break_date)}
    elif declared is None or given.by is not None:
        found = {}
    else:
        found = dict(declared.break_dates) or ({"": declared.break_date} if declared.break_date else {})
    for site, text in found.items():
        try:
            day_of_text(text)
        except ValueError:
            where = f" of '{site}'" if site else ""
            raise UsageError(f"break_date={text!r}{where} is no date; write it as 2019-03-14") from None
    return found


def _per_site(breaks: Mapping[str, str]) -> bool:
    return bool(breaks) and "" not in breaks


def _of_site(breaks: Mapping[str, str], site: str) -> dict[str, str]:
    """A site's own break date as the one for all, where that site alone is compared."""
    if site not in breaks:
        raise UsageError(f"site='{site}' has no break date{did_you_mean(site, breaks)}")
    return {"": breaks[site]}


def _washout(given: Given, declared: ComparisonDesign | None, *, breaks: Mapping[str, str]) -> int:
    inherited = declared.washout if declared and breaks else None
    chosen = inherited if given.washout is None else given.washout
    if chosen is not None and not breaks:
        raise UsageError("washout goes with break_date; give the date on which the change began")
    if chosen is not None and chosen < 0:
        raise UsageError(f"washout={chosen} isn't allowed; give a number of days from 0 up")
    return chosen or 0


def _site(times: LeadTimes, site: str | None) -> tuple[str | None, str | None]:
    """The attribute that holds the site; with a site's own name, the attribute "site" and that one site."""
    if site is None or site in times.conflicts:
        return site, None
    if "site" not in times.conflicts:
        times.require_attribute(site)
    return "site", site


def _condition(day: float | None) -> float:
    if day is not None and not (0 <= day < float("inf")):
        raise UsageError(f"condition_on={day} isn't allowed; give a number of days from 0 up")
    return float(day or 0)


def _departures(given: Given, declared: ComparisonDesign | None) -> tuple[str, ...]:
    """The options of the call that differ from what the pathway file declares: then the comparison isn't the declared one."""
    if declared is None:
        return ()
    said = [
        name
        for name in ("by", "before", "after", "washout", "site", "cohort_rule", "statistic", "tau")
        if name in declared.model_fields_set
    ]
    differs = [name for name in said if getattr(given, name) not in (None, getattr(declared, name))]
    breaks = dict(declared.break_dates) or ({"": declared.break_date} if declared.break_date else {})
    return (*differs, "break_date") if breaks and _breaks(given, declared) != breaks else tuple(differs)
