"""What `compare` gives: two cohorts' estimates, the change between them, its test, and how far it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from leadtime.results import Estimate, InEngine, Result, Table, TestResult, Value, plain

if TYPE_CHECKING:
    from leadtime.cases import LeadTimes
    from leadtime.compare.adjusted import AdjustedEffect
    from leadtime.compare.audit import AuditCheck, AuditEntry
    from leadtime.compare.basis import Basis
    from leadtime.compare.design import CohortRule, Statistic
    from leadtime.compare.sensitivity import SensitivityRow
    from leadtime.compare.sites import SiteEffect
    from leadtime.survival import KaplanMeier
    from leadtime.words import Language

__all__ = ["CohortEstimate", "Comparison"]


@dataclass(frozen=True)
class CohortEstimate:
    """One cohort: its counts, its estimates in days, its chances at `tau`, and the curve they come from.

    `completed_only_median` is the biased figure that counts only the cases that are done. `persons` is `n` where nothing is known of
    whose a case is.
    """

    name: str
    n: int
    observed: int
    open: int
    left: int
    median: Estimate
    p90: Estimate
    restricted_mean: Estimate | None
    done: Estimate | None
    left_early: Estimate | None
    waiting: float | None
    at_risk_at_tau: int | None
    completed_only_median: float | None
    curve: KaplanMeier
    persons: int | None = None


@dataclass(frozen=True, eq=False)
class Comparison(Result, InEngine):
    """Before against after, with unfinished cases counted; days throughout.

    `statistic` is the declared primary one, on whose `test` every claim rests; `effect` is its estimate of the change. `median_ratio` is
    after / before by MOVER, `median_ratio_bootstrap` the same by resampling cases, or persons where `unit` says so. `tau` is the horizon
    of the restricted means, `None` where no month has enough at risk (`tau_reason` says why). `break_dates` holds the date of each site,
    under "" the one date for all; a clock start on it is "after". `departures` are options that differ from the declared design.
    """

    by: str
    before: str
    after: str
    cohorts: tuple[CohortEstimate, CohortEstimate]
    statistic: Statistic
    test: TestResult
    median_ratio: Estimate
    median_ratio_bootstrap: Estimate
    median_change_percent: Estimate
    restricted_mean_difference: Estimate | None
    restricted_mean_ratio: Estimate | None
    tau: float | None
    tau_reason: str
    break_dates: Mapping[str, str]
    washout: int
    cohort_rule: CohortRule
    condition_on: float
    site: str | None
    strata: tuple[str, ...]
    unit: Literal["cases", "persons"]
    adjusted_effects: tuple[AdjustedEffect, ...]
    departures: tuple[str, ...]
    seed: int
    draws: int
    confidence: float
    excluded: int
    _basis: Basis

    _instead = "take its .to_dict(), .to_pandas() or tables instead, which hold no single case"

    @property
    def times(self) -> LeadTimes:
        """The lead times that were compared."""
        return self._basis.given

    @property
    def break_date(self) -> str | None:
        """The one break date; None without one, or where sites have their own (`break_dates`)."""
        return self.break_dates.get("")

    @property
    def only_site(self) -> str | None:
        """The one site that was compared; None where all were."""
        return self._basis.design.only_site

    @property
    def effect(self) -> Estimate | None:
        """The change by the declared statistic: the ratio of medians, or the difference of restricted means in days."""
        return self.median_ratio if self.statistic == "median" else self.restricted_mean_difference

    @cached_property
    def of_attribute(self) -> bool:
        """Whether the cohorts are the whole groups of a case attribute, and not made from dates."""
        groups = Counter(map(str, self._basis.rows.labels.get(self.by, ())))
        return self.only_site is None and all(groups[cohort.name] == cohort.n for cohort in self.cohorts)

    @cached_property
    def comparable(self) -> bool:
        """Whether the cohorts can be compared at all: not where "after" is defined by a route and not by when the clock started."""
        from leadtime.compare.audit import comparable

        return comparable(self)

    @cached_property
    def sensitivity_rows(self) -> tuple[SensitivityRow, ...]:
        """The definition matrix, computed when first asked for: the declared definition first."""
        from leadtime.compare.sensitivity import sensitivity_of

        measures = {
            "median ratio": self.median_ratio,
            "median ratio (bootstrap)": self.median_ratio_bootstrap,
            "restricted mean difference": self.restricted_mean_difference,
            "restricted mean ratio": self.restricted_mean_ratio,
        }
        primary = "median ratio" if self.statistic == "median" else "restricted mean difference"
        ordered = {primary: measures.pop(primary), **measures}
        return sensitivity_of(self._basis, ordered, self.test)  # type: ignore[arg-type]

    @property
    def sensitivity(self) -> Table:
        """The change by every definition: what differs from the declared one, estimate, interval, n, verdict (DEFINITIONS 3.8)."""
        from leadtime.compare.tables import sensitivity_table

        return sensitivity_table(self.sensitivity_rows)

    @cached_property
    def audit_checks(self) -> tuple[AuditCheck, ...]:
        """Every check for bias: found, looked for and not found, or not computable for want of something; computed when first asked for."""
        from leadtime.compare.audit import audited

        return audited(self)

    @property
    def audit_entries(self) -> tuple[AuditEntry, ...]:
        """What the checks for bias found."""
        return tuple(check.entry for check in self.audit_checks if check.entry is not None)

    @property
    def audit(self) -> Table:
        """What may bend the comparison: code, cases, effect, one sentence (DEFINITIONS 6); a code is absent only if nothing was found."""
        return self.audit_in("en")

    def audit_in(self, language: Language) -> Table:
        """The audit with its sentences in a language."""
        from leadtime.compare.tables import audit_table

        return audit_table(self.audit_checks, language)

    @property
    def checks(self) -> Table:
        """Every code of the audit: whether it was found, looked for and not found, or couldn't be looked for, and why."""
        rows = tuple((check.code, check.status, check.needs) for check in self.audit_checks)
        return Table("checks", ("code", "status", "needs"), rows)

    @cached_property
    def site_effects(self) -> tuple[SiteEffect, ...]:
        """The change at each site and over all; empty without sites. Computed when first asked for."""
        from leadtime.compare.sites import site_effects

        return site_effects(self._basis, self)

    @property
    def sites(self) -> Table:
        """The change at each site, and pooled over them."""
        from leadtime.compare.tables import sites_table

        return sites_table(self.site_effects)

    @property
    def adjusted(self) -> Table:
        """The change with case attributes held equal: Cox hazard ratio, and time ratios "x times as long"; empty without `adjust`."""
        from leadtime.compare.tables import adjusted_table

        return adjusted_table(self.adjusted_effects)

    @property
    def proportional_hazards(self) -> Table:
        """Whether Cox's one hazard ratio holds at all times: a test for each term, and the cohort's ratio early and late."""
        from leadtime.compare.tables import proportional_hazards_table

        return proportional_hazards_table(self.adjusted_effects)

    @property
    def routes(self) -> Table:
        """The cohorts by the route that their cases took; empty where no route is known."""
        from leadtime.compare.routes import by_route

        return by_route(self._basis)

    @property
    def starts_by_month(self) -> Table:
        """Clock starts by month, cohort and route: whether more or other children are referred than before."""
        from leadtime.compare.routes import starts_by_month

        return starts_by_month(self._basis)

    def headline(self, language: Language = "en") -> str:
        """Gives the comparison in one careful sentence or a few, on one line."""
        from leadtime.compare.wording import headline

        return headline(self, language)

    def assumptions(self, language: Language = "en") -> tuple[str, ...]:
        """Gives what the comparison takes for granted, a sentence each: the break date, whose a case is, departures from the declared."""
        from leadtime.compare.wording import assumptions

        return assumptions(self, language)

    def _table(self) -> Table:
        names = ["cohort", "n", "observed", "open", "left"]
        figures = ["median", "restricted_mean", "p90"]
        columns = [*names, *(f"{figure}_{part}" for figure in figures for part in ("days", "lower_days", "upper_days", "interval"))]
        rows = []
        for cohort in self.cohorts:
            cells: list[Value] = [cohort.name, cohort.n, cohort.observed, cohort.open, cohort.left]
            for estimate in (cohort.median, cohort.restricted_mean, cohort.p90):
                cells += [estimate.value, estimate.lower, estimate.upper, estimate.interval] if estimate else [None, None, None, ""]
            shares = (cohort.done.value if cohort.done else None, cohort.left_early.value if cohort.left_early else None, cohort.waiting)
            rows.append((*cells, self.tau, cohort.at_risk_at_tau, *shares))
        columns += ["tau_days", "at_risk_at_tau", "done_by_tau", "left_by_tau", "waiting_at_tau"]
        return Table("comparison", tuple(columns), tuple(rows), counts=("n", "observed", "open", "left", "at_risk_at_tau"))

    def to_dict(self) -> dict[str, Any]:
        """Gives all figures as plain values, with sensitivity and audit, without the per-case rows."""
        content = super().to_dict()
        for cohort in content["cohorts"]:
            cohort.pop("curve")
        return {**content, "sensitivity": plain(self.sensitivity.records()), "audit": plain(self.audit.records())}

    def __str__(self) -> str:
        return "\n".join((self.headline("en"), *self.assumptions("en"), "", str(self._table())))
