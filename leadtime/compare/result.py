"""What `compare` gives: two cohorts' estimates, the change between them, its test, and what the reader should know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from leadtime.results import Estimate, Result, Table, TestResult

if TYPE_CHECKING:
    from leadtime.cases import LeadTimes
    from leadtime.survival import KaplanMeier

__all__ = ["AuditEntry", "CohortEstimate", "Comparison", "SensitivityRow", "Verdict"]

Verdict = Literal["stands", "weaker", "reversed", "not computable"]


@dataclass(frozen=True)
class CohortEstimate:
    """One cohort: its counts, its estimates in days, its chances at `tau`, and the curve they come from.

    `completed_only_median` is the biased figure that counts only the cases that are done.
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


@dataclass(frozen=True)
class AuditEntry:
    """One thing that may bend the comparison: its code, the cases it touches, and by how many days or which share."""

    code: str
    cases: int
    effect: float | None
    unit: Literal["days", "share", "cases", ""]


@dataclass(frozen=True)
class SensitivityRow:
    """One other way to state the change: the ratio after / before with its interval, and its verdict (DEFINITIONS 3.8)."""

    name: str
    ratio: Estimate | None
    verdict: Verdict
    because: str = ""


@dataclass(frozen=True, eq=False)
class Comparison(Result):
    """Before against after, with unfinished cases counted; days throughout.

    `median_ratio` is after / before by MOVER, `median_ratio_bootstrap` the same by resampling cases; `tau` is the horizon of the
    restricted means, `None` where no month has enough at risk (`tau_reason` says why).
    """

    by: str
    before: str
    after: str
    cohorts: tuple[CohortEstimate, CohortEstimate]
    median_ratio: Estimate
    median_ratio_bootstrap: Estimate
    median_change_percent: Estimate
    restricted_mean_difference: Estimate | None
    restricted_mean_ratio: Estimate | None
    tau: float | None
    tau_reason: str
    test: TestResult
    sensitivity_rows: tuple[SensitivityRow, ...]
    audit_entries: tuple[AuditEntry, ...]
    seed: int
    draws: int
    confidence: float
    excluded: int
    _times: LeadTimes

    @property
    def times(self) -> LeadTimes:
        """The lead times that were compared."""
        return self._times

    @property
    def sensitivity(self) -> Table:
        """The other ways to state the change, each with its verdict against the primary."""
        rows = tuple(
            (
                row.name,
                *((row.ratio.value, row.ratio.lower, row.ratio.upper) if row.ratio else (None, None, None)),
                row.verdict,
                row.because,
            )
            for row in self.sensitivity_rows
        )
        return Table("sensitivity", ("estimate", "ratio", "lower", "upper", "verdict", "because"), rows)

    @property
    def audit(self) -> Table:
        """What may bend the comparison: code, cases, effect, one sentence (DEFINITIONS 6)."""
        return self.audit_in("en")

    def audit_in(self, language: Literal["en", "sv"]) -> Table:
        """The audit with its sentences in a language."""
        from leadtime.compare.wording import audit_sentence

        rows = tuple((entry.code, entry.cases, entry.effect, audit_sentence(entry, language)) for entry in self.audit_entries)
        return Table("audit", ("code", "cases", "effect", "sentence"), rows, counts=("cases",))

    def headline(self, language: Literal["en", "sv"] = "en") -> str:
        """Gives the comparison in one careful sentence, on one line."""
        from leadtime.compare.wording import headline

        return headline(self, language)

    def _table(self) -> Table:
        names = ["cohort", "n", "observed", "open", "left"]
        figures = ["median", "restricted_mean", "p90"]
        columns = [*names, *(f"{figure}_{part}" for figure in figures for part in ("days", "lower_days", "upper_days"))]
        rows = []
        for cohort in self.cohorts:
            cells: list[Any] = [cohort.name, cohort.n, cohort.observed, cohort.open, cohort.left]
            for estimate in (cohort.median, cohort.restricted_mean, cohort.p90):
                cells += [estimate.value, estimate.lower, estimate.upper] if estimate else [None, None, None]
            rows.append(tuple(cells))
        return Table("comparison", tuple(columns), tuple(rows), counts=("n", "observed", "open", "left"))

    def to_dict(self) -> dict[str, Any]:
        """Gives all figures as plain values, without the per-case rows."""
        content = super().to_dict()
        for cohort in content["cohorts"]:
            cohort.pop("curve")
        return content

    def __str__(self) -> str:
        return f"{self.headline('en')}\n\n{self._table()}"
