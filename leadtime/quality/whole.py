"""What one pass over the events shows: missing values, dates that can't be, dates after the observation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

import narwhals as nw

from leadtime.columns import DATE_ROLES
from leadtime.log import EventLog
from leadtime.quality.case_ids import undeclared
from leadtime.quality.findings import Sighting, finding
from leadtime.quality.scope import DAY_US, Scope, date_of, day_number, day_of, integer, observed

__all__ = ["DEFAULT_DAYS", "of_events", "of_the_whole"]

# Days that programs put where no date was known: the beginnings of their calendars, and the ends of time.
DEFAULT_DAYS = tuple(
    day_number(date(*day))
    for day in (
        (1, 1, 1), (1111, 11, 11), (1601, 1, 1), (1753, 1, 1), (1800, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1904, 1, 1),
        (1970, 1, 1), (2099, 12, 31), (2222, 2, 22), (2999, 12, 31), (3000, 1, 1), (9999, 1, 1), (9999, 12, 30), (9999, 12, 31),
    )
)  # fmt: skip
_MAY_BE_BLANK = ("case_id", "activity", "start", "end", "row", "exit", "exit_date", "entry_date", "last_observed")
# A day on which people of today were born is no default of a date of birth.
_OF_BIRTH = tuple(day for day in DEFAULT_DAYS if date_of(day).year != 1970)


def of_the_whole(log: EventLog) -> list[Sighting]:
    """Gives what one pass shows and needs no other knowledge: missing values, late events, mixed precision; and undeclared cases."""
    scope = Scope(log)
    missing = _missing(log)
    conditions = {f"missing {role}": condition for role, condition in missing.items()}
    late = None if log.observed_until is None else ~observed(log.observed_until)
    conditions |= {} if late is None else {"late": late}
    conditions |= {"dated": nw.col("start_is_date")} if log.precision == "mixed" else {}
    counts, first, total = _counted(scope, conditions)
    found = []
    if late is not None and counts["late"]:
        found.append(Sighting(finding("after-observed-until", counts["late"]), scope.first_rows(log.frame.filter(late))))
    if 0 < counts.get("dated", 0) < total:
        found.append(Sighting(finding("mixed-precision", counts["dated"], of=total), (first["dated"],)))
    for role in missing:
        count = counts[f"missing {role}"]
        if count:
            found.append(Sighting(finding("missing-values", count, of=total, values={"role": role}), (first[f"missing {role}"],)))
    return [*found, *_lifecycle(log), *undeclared(log)]


def of_events(scope: Scope) -> list[Sighting]:
    """Gives the events whose times can't be: dates that programs put where none was known, and what hasn't happened yet."""
    conditions = {f"default-dates {role}": condition for role, condition in _defaults(scope.log).items()}
    conditions |= {} if scope.today is None else {"future start": _later(scope, scope.today)}
    counts, _, _ = _counted(scope, conditions)
    found = _ahead(scope)
    for name, condition in conditions.items():
        if counts[name]:
            code, role = name.split()
            severity: Literal["warning"] | None = "warning" if role in DATE_ROLES else None
            made = finding(code, counts[name], values={"role": role}, severity=severity)
            found.append(Sighting(made, scope.first_rows(scope.log.frame.filter(condition))))
    return found


def _defaults(log: EventLog) -> dict[str, nw.Expr]:
    """Whether a date is one that programs put where none was known, for each role that holds dates."""
    found = {"start": day_of("start").is_in(DEFAULT_DAYS), "end": nw.col("end_given") & day_of("end").is_in(DEFAULT_DAYS)}
    for role in DATE_ROLES:
        if f"{role}_wall_us" in log.columns:
            found[role] = day_of(role).is_in(_OF_BIRTH if role == "birth_date" else DEFAULT_DAYS)
    return found


def _later(scope: Scope, today: int) -> nw.Expr:
    """Whether an event of the observation begins or ends after today; defaults of programs are told of by themselves."""
    tomorrow = (today + 1) * DAY_US
    begins, ends = ((nw.col(f"{side}_wall_us") >= tomorrow) & ~day_of(side).is_in(DEFAULT_DAYS) for side in ("start", "end"))
    later = begins | (nw.col("end_given") & ends)
    until = scope.log.observed_until
    return later if until is None else later & observed(until)


def _ahead(scope: Scope) -> list[Sighting]:
    until = scope.log.observed_until
    ahead = until is not None and scope.today is not None and until.wall_us // DAY_US > scope.today
    return [Sighting(finding("observed-until-in-future", 1))] if ahead else []


def _counted(scope: Scope, conditions: Mapping[str, nw.Expr]) -> tuple[dict[str, int], dict[str, int], int]:
    """How many events meet each condition, the first row of each, and how many events there are, in one pass."""
    judged = scope.log.frame.select("row", **{f"met_{i}": condition for i, condition in enumerate(conditions.values())})
    parts: list[nw.Expr] = [nw.len().alias("events")]
    for i in range(len(conditions)):
        met = nw.col(f"met_{i}")
        parts.append(nw.when(met).then(nw.lit(1)).otherwise(nw.lit(0)).sum().alias(f"count_{i}"))
        parts.append(nw.when(met).then(nw.col("row")).min().alias(f"row_{i}"))
    found = scope.collect(judged.select(*parts)).iloc[0]
    counts, rows = ({name: integer(found[f"{part}_{i}"]) for i, name in enumerate(conditions)} for part in ("count", "row"))
    return counts, rows, int(found["events"])


def _missing(log: EventLog) -> dict[str, nw.Expr]:
    """Role columns that may have blanks, but shouldn't: the required ones have none, and an exit is blank where nobody left."""
    names = [role for role in log.roles if role not in _MAY_BE_BLANK]
    found = {role: nw.col(role).is_null() for role in names if role in log.columns}
    found |= {role: nw.col(f"{role}_us").is_null() for role in names if f"{role}_us" in log.columns}
    return found | ({"end": ~nw.col("end_given")} if "end" in log.roles else {})


def _lifecycle(log: EventLog) -> list[Sighting]:
    """Steps of a lifecycle that stand as events of their own, where reading didn't pair them."""
    name = "lifecycle:transition"
    if name not in log.columns or "lifecycle" in log.provenance.choices:
        return []
    # As an expression: by name alone, older DuckDB takes the colon for an alias.
    values = log.session.collect(log.frame.select(nw.col(name).alias("step")).unique())["step"].dropna().tolist()
    steps = sorted({str(value) for value in values} - {"complete"})
    return [Sighting(finding("lifecycle-not-paired", len(steps), values={"what": name}, examples=steps[:5]))] if steps else []
