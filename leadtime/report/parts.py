"""The sections of a report: disclosed tables turned into words and rounded cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leadtime.compare import wording
from leadtime.disclosure import HIDDEN, Disclosed
from leadtime.report.gather import Gathered
from leadtime.report.model import DIGITS, Block, Cell, Column, Kind, Section, TableBlock, TextBlock
from leadtime.report.phrases import Phrases
from leadtime.results import Estimate, Value

if TYPE_CHECKING:
    from leadtime.compare import AuditEntry, Comparison
    from leadtime.compare.audit import AuditCheck

__all__ = ["Part", "parts_of"]


@dataclass(frozen=True)
class Part:
    """What every section is made from, and the small tools that they share."""

    found: Gathered
    disclosed: Disclosed
    phrases: Phrases
    generated: str
    seed: int

    @property
    def confidence(self) -> str:
        """The level of the intervals in words."""
        comparison = self.found.comparison
        return self.phrases.text.percent(comparison.confidence if comparison else 0.95)

    @property
    def tau(self) -> str:
        """The horizon in words."""
        return self.phrases.duration(self.found.comparison.tau) if self.found.comparison else ""

    def percent_change(self, ratio: float | None) -> str:
        """A ratio in words as a change in percent; an open limit says so."""
        text = self.phrases.text
        if ratio is None:
            return text.say("value.not_reached")
        if ratio == 1:
            return text.say("change.none")
        return text.say("change.shorter" if ratio < 1 else "change.longer", {"amount": text.percent(abs(ratio - 1))})

    @property
    def too_few(self) -> tuple[str, ...]:
        """The cohorts whose median rests on too few stops to be shown; then nothing that compares the medians is."""
        return tuple(str(row["cohort"]) for row in self.disclosed.table("cohorts").records() if row["median_days"] == HIDDEN)

    def column(self, key: str, kind: Kind = "text", label: str = "") -> Column:
        """A column with its heading: the one given, else the report's own, else the one that results have."""
        if label:
            return Column(key, label, kind)
        texts = self.phrases.text.texts
        return Column(key, texts.get(f"report.column.{key}") or self.phrases.text.column(key), kind)

    def cell(self, value: Value, kind: Kind, *, missing: str = "value.not_reached") -> Cell:
        """A cell rounded as it will be shown; None says in words that there is nothing."""
        if value is None:
            return self.phrases.text.say(missing)
        if isinstance(value, str):
            return value
        digits = DIGITS.get(kind, 3)
        rounded = round(float(value), digits) + 0.0  # no "-0"
        return int(rounded) if digits == 0 else rounded

    def table(
        self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Value]], *, missing: str = "value.not_reached"
    ) -> TableBlock:
        """A table of a report; its title is the name of its sheet."""
        cells = tuple(
            tuple(self.cell(value, column.kind, missing=missing) for value, column in zip(row, columns, strict=True)) for row in rows
        )
        return TableBlock(name, self.phrases.say(f"sheet.{name}"), tuple(columns), cells)


def parts_of(part: Part, wanted: Sequence[str]) -> tuple[Section, ...]:
    """Gives the wanted sections in order; one that doesn't apply has no blocks."""
    from leadtime.report.account import ACCOUNT
    from leadtime.report.months import kinds, months
    from leadtime.report.trend import trend
    from leadtime.report.waiting import survival
    from leadtime.report.waits import waits
    from leadtime.report.wastes import wastes
    from leadtime.report.who import who

    makers: Mapping[str, Callable[[Part], Iterable[Block]]] = {
        "cohorts": _cohorts, "lead_times": _lead_times, "change": _change, "survival": survival, "flow": _flow, "steps": _steps,
        "who": who, "months": months, "kinds": kinds,
        "waits": waits, "waste": wastes, "trend": trend, "sensitivity": _sensitivity, "audit": _audit, **ACCOUNT,
    }  # fmt: skip
    return tuple(Section(key, _heading(key, part), tuple(makers[key](part))) for key in wanted)


def _heading(key: str, part: Part) -> str:
    texts = part.phrases.text.texts
    return texts.get(f"report.section.{key}") or texts[f"section.{'flow_table' if key == 'flow' else key}"]


def _cohorts(part: Part) -> Iterable[Block]:
    counts = ("n", "observed", "unfinished", "open", "left")
    columns = [part.column("cohort"), *(part.column(name, "count") for name in counts)]
    rows = [(part.phrases.cohort(str(row["cohort"])), *(row[name] for name in counts)) for row in part.disclosed.table("cohorts").records()]
    yield part.table("cohorts", columns, rows)


def _lead_times(part: Part) -> Iterable[Block]:
    phrases = part.phrases
    columns = [part.column(name) for name in ("measure", "cohort")]
    columns += [part.column(name, "days") for name in ("days", "lower_days", "upper_days")]
    columns.append(part.column("in_words"))
    rows: list[tuple[Value, ...]] = []
    compared = part.found.comparison is not None and part.found.comparison.tau is not None
    for measure in ("median", "restricted_mean", "p90"):
        for row in part.disclosed.table("cohorts").records() if compared or measure != "restricted_mean" else []:
            values = _hidden_together([row[f"{measure}_{limit}days"] for limit in ("", "lower_", "upper_")], row["median_days"])
            told = phrases.duration(values[0])
            if values[0] not in (None, HIDDEN):
                told = phrases.interval(told, *(phrases.duration(value) for value in values[1:]))
            rows.append((phrases.say(f"estimate_{measure}", {"tau": part.tau}), phrases.cohort(str(row["cohort"])), *values, told))
    biased = []
    for row in part.disclosed.table("cohorts").records():
        value = row["completed_only_median_days"]
        biased.append((phrases.say("estimate_completed"), phrases.cohort(str(row["cohort"])), value, "", "", phrases.duration(value)))
    yield part.table("lead_times", columns, [*rows, *biased])
    yield TextBlock((phrases.say("completed_warning"),), "note")
    yield from _horizon(part)


def _hidden_together(values: list[Value], median: Value) -> list[Value]:
    """An estimate that is hidden takes its limits along, and a hidden median all that rests on the same few stops."""
    return [HIDDEN] * len(values) if HIDDEN in (values[0], median) else values


def _horizon(part: Part) -> Iterable[Block]:
    comparison, phrases = part.found.comparison, part.phrases
    if comparison is None:
        return
    if comparison.tau is None:
        yield TextBlock((phrases.say("horizon_none"),), "note")
        return
    columns = [
        part.column("cohort"),
        *(part.column(name, "percent") for name in ("done", "left_early", "waiting")),
        part.column("at_risk", "count"),
    ]
    rows = []
    for row, cohort in zip(part.disclosed.table("horizon").records(), part.found.cohorts, strict=True):
        # With a hidden count of those waiting or gone, the shares and who is left at the horizon would give it away.
        counts = next(known for known in part.disclosed.table("cohorts").records() if known["cohort"] == row["cohort"])
        hidden = HIDDEN in (counts["observed"], counts["open"], counts["left"])
        shares = [HIDDEN] * 3 if hidden else _shares(row, cohort.n, part)
        rows.append((phrases.cohort(str(row["cohort"])), *shares, HIDDEN if hidden else row["at_risk"]))
    yield TextBlock((phrases.say("horizon_intro", {"tau": part.tau}),))
    yield part.table("horizon", columns, rows)


def _shares(row: Mapping[str, Value], n: int, part: Part) -> list[Value]:
    """The shares at the horizon in percent, hidden where they rest on too few stops or exits (DEFINITIONS 5.2)."""
    profile = part.disclosed.profile
    shares = [row[name] for name in ("done", "left_early", "waiting")]
    if profile.hides(int(row["stops"] or 0)):
        return [HIDDEN] * 3
    left = shares[1] or 0.0
    few = isinstance(left, float) and 0 < left * n < profile.threshold and profile.threshold > 1
    percent = _adding_up([float(share) for share in shares if isinstance(share, (int, float))])
    return [percent[0], HIDDEN, HIDDEN] if few or profile.hides(int(row["exits"] or 0)) else list(percent)


def _adding_up(shares: list[float]) -> list[int]:
    """Whole percents that add up to 100: the largest remainders are rounded up."""
    exact = [100 * share for share in shares]
    whole = [int(value) for value in exact]
    for place in sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])[: round(sum(exact)) - sum(whole)]:
        whole[place] += 1
    return whole


def _change(part: Part) -> Iterable[Block]:
    comparison, phrases = part.found.comparison, part.phrases
    if comparison is None:
        return
    columns = [part.column("measure"), *(part.column(name, "figure") for name in ("value", "lower", "upper"))]
    columns += [part.column("unit"), part.column("in_words")]
    ratio, difference = comparison.median_ratio, comparison.restricted_mean_difference
    rows = [
        ("change_ratio", ratio, "unit_ratio", _told(ratio, part.percent_change, 1.0, part)),
        ("change_percent", comparison.median_change_percent, "unit_percent", _told(ratio, part.percent_change, 1.0, part)),
        (
            "change_bootstrap",
            comparison.median_ratio_bootstrap,
            "unit_ratio",
            _told(comparison.median_ratio_bootstrap, part.percent_change, 1.0, part),
        ),
        ("change_mean_days", difference, "unit_days", _told(difference, phrases.change, 0.0, part)),
        (
            "change_mean_ratio",
            comparison.restricted_mean_ratio,
            "unit_ratio",
            _told(comparison.restricted_mean_ratio, part.percent_change, 1.0, part),
        ),
    ]
    cells = [_change_cells(*row, part) for row in rows if row[1] is not None]
    yield part.table("change", columns, cells, missing="value.not_computable")
    yield TextBlock((phrases.say("assumed"), *comparison.assumptions(phrases.text.language)), "note")  # type: ignore[arg-type]
    yield _test(comparison, part)


def _test(comparison: Comparison, part: Part) -> Block:
    test, phrases = comparison.test, part.phrases
    name = phrases.say("exact_permutation" if "permutation" in test.method or test.draws else "log_rank")
    statistic = None if test.statistic is None else float(test.statistic)
    p_value = phrases.text.p_value(test.p_value).removeprefix("p ").removeprefix("= ") if test.p_value is not None else None
    columns = [part.column("test"), part.column("statistic", "figure"), part.column("p_value")]
    row: tuple[Value, ...] = (name, statistic, p_value)
    if test.draws:
        columns.append(Column("draws", phrases.text.say("provenance.draws"), "count"))
        row = (*row, test.draws)
    return part.table("test", columns, [row], missing="value.not_computable")


def _told(estimate: Estimate | None, say: Callable[[float | None], str], none: float, part: Part) -> str:
    """An estimate of change in words, the limit nearer to no change first; from the lower one where they lie on both sides of it."""
    if estimate is None or estimate.value is None:
        return ""
    limits = [estimate.lower, estimate.upper]
    if estimate.upper is not None and estimate.upper <= none:
        limits.reverse()
    return part.phrases.interval(say(estimate.value), *(say(limit) for limit in limits))


def _change_cells(key: str, estimate: Estimate | None, unit: str, told: str, part: Part) -> tuple[Value, ...]:
    name = part.phrases.say(key, {"tau": part.tau})
    if part.too_few or estimate is None:
        return (name, HIDDEN, HIDDEN, HIDDEN, part.phrases.say(unit), HIDDEN)
    return (name, *_rounded(estimate, unit), part.phrases.say(unit), told)


def _rounded(estimate: Estimate, unit: str) -> tuple[Value, ...]:
    """An estimate with its limits: a ratio with three decimals, percent and days with one."""
    digits = 3 if unit == "unit_ratio" else 1
    return tuple(None if value is None else round(value, digits) for value in (estimate.value, estimate.lower, estimate.upper))


def _flow(part: Part) -> Iterable[Block]:
    phrases = part.phrases
    rows: list[tuple[Value, ...]] = []
    for status, detail, cases in part.disclosed.table("flow").rows:
        if status == "total":
            rows.append((phrases.say("flow_total"), "", cases))
        else:
            group = "reason" if status == "excluded" else "report.term"
            rows.append((phrases.known("status", str(status)), phrases.known(group, str(detail)), cases))
    yield part.table("flow", [part.column("status"), part.column("detail"), part.column("cases", "count")], rows)


def _steps(part: Part) -> Iterable[Block]:
    phrases, rows = part.phrases, []
    for row in part.disclosed.table("steps").records():
        names = {name: phrases.milestone(str(row[name])) for name in ("source", "target")}
        label = phrases.say("step", names)
        rows.append(
            (label, phrases.cohort(str(row["cohort"])), row["n"], row["median_days"], row["p90_days"], phrases.duration(row["median_days"]))
        )
    if not rows:
        return
    columns = [part.column("step"), part.column("cohort"), Column("n", part.column("completed").label, "count")]
    columns += [part.column("median_days", "days"), part.column("p90_days", "days"), Column("in_words", part.column("median").label)]
    yield TextBlock((phrases.say("steps_intro"),))
    yield part.table("steps", columns, rows)


def _sensitivity(part: Part) -> Iterable[Block]:
    comparison, phrases = part.found.comparison, part.phrases
    if comparison is None:
        return
    rows: list[tuple[Value, ...]] = []
    for row in comparison.sensitivity_rows:
        if len(row.differs) > 1:  # what differs in more respects stands in the comparison's own table
            continue
        estimate = row.estimate or Estimate(None)
        unit = "unit_ratio" if row.no_change == 1 else "unit_days"
        values = _rounded(estimate, unit)
        if part.too_few or any(part.disclosed.profile.hides(count or 0) for count in (row.stopped_before, row.stopped_after)):
            values = (HIDDEN, HIDDEN, HIDDEN)
        kind = phrases.known("interval_kind", estimate.interval) if row.estimate else ""
        verdict = phrases.known("verdict", row.verdict)
        differs = wording.difference(row, phrases.text.language, milestone=phrases.milestone)  # type: ignore[arg-type]
        rows.append((differs, *values, phrases.say(unit), kind, verdict))
    columns = [part.column("estimate"), *(part.column(name, "figure") for name in ("value", "lower", "upper"))]
    columns += [part.column(name) for name in ("unit", "interval", "verdict")]
    yield TextBlock((phrases.say("sensitivity_intro"),))
    yield part.table("sensitivity", columns, rows, missing="value.not_computable")


def _audit(part: Part) -> Iterable[Block]:
    comparison = part.found.comparison
    if comparison is None:
        return
    if comparison.audit_entries:
        yield _found_by_audit(comparison, part)
    else:
        yield TextBlock((part.phrases.say("audit_none"),))
    yield TextBlock((part.phrases.say("checks_intro"),))
    phrases = part.phrases
    rows = [
        (phrases.known("report.check", check.code), phrases.known("report.check_status", check.status), _why(check, part), check.code)
        for check in comparison.audit_checks
    ]
    yield part.table("checks", [part.column(name) for name in ("check", "status", "why", "code")], rows)


def _why(check: AuditCheck, part: Part) -> str:
    """Why a check couldn't be made; nothing where it was."""
    return wording.lacking_sentence(check, part.phrases.text.language) if check.needs else ""  # type: ignore[arg-type]


def _found_by_audit(comparison: Comparison, part: Part) -> TableBlock:
    """What the checks for bias found, a sentence each."""
    shown = part.disclosed.table("audit").column("cases")
    rows = [
        (part.phrases.known("report.check", entry.code), cases, part.phrases.audit(_without_effect(entry, part), cases), entry.code)
        for entry, cases in zip(comparison.audit_entries, shown, strict=True)
    ]
    return part.table("audit", [part.column("check"), part.column("cases", "count"), part.column("sentence"), part.column("code")], rows)


def _without_effect(entry: AuditEntry, part: Part) -> AuditEntry:
    """What would tell a median isn't told where one is hidden."""
    if not part.too_few or entry.code == "few-at-risk":
        return entry
    return replace(
        entry, effect=None, more={name: (value, unit) if unit == "text" else (None, unit) for name, (value, unit) in entry.more.items()}
    )
