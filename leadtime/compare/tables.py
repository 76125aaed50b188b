"""The parts of a comparison as tables of plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from leadtime.results import Estimate, Table, Value

if TYPE_CHECKING:
    from leadtime.compare.adjusted import AdjustedEffect
    from leadtime.compare.audit import AuditCheck
    from leadtime.compare.sensitivity import SensitivityRow
    from leadtime.compare.sites import SiteEffect
    from leadtime.words import Language

__all__ = ["adjusted_table", "audit_table", "proportional_hazards_table", "sensitivity_table", "sites_table"]

_NONE = Estimate(None)


def sensitivity_table(rows: Sequence[SensitivityRow]) -> Table:
    """A row for each definition: what differs from the declared one (nothing in the first), the estimate, its interval, n, the verdict."""
    from leadtime.compare.wording import difference

    columns = (
        "what", "start", "stop", "cohort_rule", "leavers", "dates", "cases", "measure", "estimate", "lower", "upper", "interval",
        "n_before", "n_after", "verdict", "because",
    )  # fmt: skip
    cells: list[tuple[Value, ...]] = []
    for row in rows:
        each, estimate = row.definition, row.estimate or _NONE
        clock = (each.start, " or ".join(each.stop))
        counted = (each.cohort_rule, each.leavers, each.dates, each.cases, each.measure)
        figures = (estimate.value, estimate.lower, estimate.upper, estimate.interval if row.estimate else "")
        cells.append((difference(row, "en"), *clock, *counted, *figures, row.n_before, row.n_after, row.verdict, row.because))
    return Table("sensitivity", columns, tuple(cells), counts=("n_before", "n_after"))


def audit_table(checks: Iterable[AuditCheck], language: Language) -> Table:
    """A row for each code that was found or couldn't be looked for, with a sentence."""
    from leadtime.compare.wording import audit_sentence, lacking_sentence

    rows: list[tuple[Value, ...]] = []
    for check in checks:
        if check.entry is not None:
            entry = check.entry
            rows.append((check.code, entry.cases, entry.effect, audit_sentence(entry, language), check.status))
        elif check.status == "not computable":
            rows.append((check.code, None, None, lacking_sentence(check, language), check.status))
    return Table("audit", ("code", "cases", "effect", "sentence", "status"), tuple(rows), counts=("cases",))


def sites_table(effects: Iterable[SiteEffect]) -> Table:
    """A row for each site, then all together."""
    columns = (
        "site", "break_date", "n_before", "n_after", "median_before_days", "median_after_days", "ratio", "ratio_lower", "ratio_upper",
        "ratio_interval", "difference_days", "difference_lower_days", "difference_upper_days", "difference_interval", "p_value", "test",
        "because",
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for effect in effects:
        medians = (effect.median_before or _NONE).value, (effect.median_after or _NONE).value
        cells: list[Value] = [effect.site, effect.break_date, effect.n_before, effect.n_after, *medians]
        for estimate in (effect.median_ratio, effect.restricted_mean_difference):
            cells += [estimate.value, estimate.lower, estimate.upper, estimate.interval] if estimate else [None, None, None, ""]
        test = effect.test
        rows.append((*cells, test.p_value if test else None, f"{test.name}, {test.method}" if test else "", effect.because))
    return Table("sites", columns, tuple(rows), counts=("n_before", "n_after"))


def adjusted_table(effects: Iterable[AdjustedEffect]) -> Table:
    """A row for each model."""
    columns = (
        "model", "measure", "estimate", "lower", "upper", "interval", "n", "events", "adjusted_for", "strata", "ties", "left_out",
        "because",
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for effect in effects:
        each = effect.estimate
        held = (", ".join(effect.terms), ", ".join(effect.strata))
        figures = (each.value, each.lower, each.upper, each.interval, each.n)
        rows.append((effect.model, effect.measure, *figures, effect.events, *held, effect.ties or "", effect.left_out, effect.because))
    return Table("adjusted", columns, tuple(rows), counts=("n", "events", "left_out"))


def proportional_hazards_table(effects: Iterable[AdjustedEffect]) -> Table:
    """A row for each term of Cox's model, the cohort's with its ratio up to the median stop and after it, then all terms together."""
    parts = [f"{when}{part}" for when in ("early", "late") for part in ("", "_lower", "_upper")]
    columns = ("term", "hazard_ratio", *parts, "median_stop_days", "statistic", "df", "p_value", "method")
    rows: list[tuple[Value, ...]] = []
    for found in (effect.proportional for effect in effects if effect.proportional is not None):
        halves = [each for half in (found.early, found.late) for each in (half.value, half.lower, half.upper)]
        names, ratios = (*found.terms, "all terms"), (*found.ratios, None)
        for place, (name, ratio, test) in enumerate(zip(names, ratios, found.tests, strict=True)):
            seen = [None] * len(parts) if place else halves
            day = None if place else found.median_stop_days
            rows.append((name, ratio, *seen, day, test.statistic, test.df, test.p_value, test.method))
    return Table("proportional_hazards", columns, tuple(rows))
