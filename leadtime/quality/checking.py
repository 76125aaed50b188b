"""`check_quality`: all checks on a log, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from leadtime.errors import UsageError, checks_arguments
from leadtime.log import EventLog
from leadtime.privacy import reserve_pattern
from leadtime.quality.attendance import of_attendance
from leadtime.quality.by_case import of_cases_alone, of_cases_on_route
from leadtime.quality.case_ids import alike_within
from leadtime.quality.days import checked_country, country_of, of_days
from leadtime.quality.durations import of_durations
from leadtime.quality.findings import placed, ranked
from leadtime.quality.identifiers import of_persons
from leadtime.quality.names import of_names
from leadtime.quality.repeats import of_repeats
from leadtime.quality.scope import Route, Scope, day_number
from leadtime.quality.whole import of_events
from leadtime.results import Finding, QualityReport

__all__ = ["check_errors", "check_quality"]


@checks_arguments
def check_quality(
    log: EventLog,
    pathway: Route | None = None,
    *,
    today: date | str | None = None,
    silent_days: int = 180,
    country: str | None = None,
    reserve_numbers: Iterable[str] = (),
) -> QualityReport:
    """Checks a log: what reading it showed, and all that its events show; with a pathway also what the milestones show.

    Args:
        log: any event log. Of one that was filtered, the account of rows is still that of its source.
        pathway: the declared pathway, for the order of milestones, unfinished and silent cases.
        today: the day after which an event lies in the future; the computer's own day where not given.
        silent_days: after how many days without an event an unfinished case counts as silent.
        country: whose public holidays count, as in ``"SE"``; that of the log's time zone where not given, weekends alone where it has none.
        reserve_numbers: regular expressions of reserve numbers, which count as personal numbers.

    Returns:
        The account of rows (`rows_read, rows_kept, rows_rejected, rejected_by_reason`) and the `findings`, the gravest first: each with
        `code`, `severity` (error, warning, note), `count`, `message`, `effect` (what it does to the result) and `examples` (where to look
        first: a row, a name of an activity, never what stands there of a person).

    Raises:
        UsageError: an argument has a value that isn't allowed.

    Source:
        DESIGN 3 (quality); DEFINITIONS 1.2 and 1.3 (precision, ties), 2.2 (observation), 4.8 (order), 5.3 (personal numbers). Spans stand
        out beyond Tukey's outer fence on the log scale.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({
    ...     "case_id": ["a", "a", "b"], "activity": ["Referral", "Visit", "Referal"], "start": ["2019-03-05", "1900-01-01", "2019-03-04"]}))
    >>> print(lt.check_quality(log, today="2020-01-01").to_pandas()[["severity", "code", "count"]].iloc[3:].to_string(index=False))
    severity          code  count
       error default-dates      1
     warning spelled-alike      1
    """
    if not isinstance(silent_days, int) or silent_days < 0:
        raise UsageError(f"silent_days={silent_days!r} isn't allowed; give a whole number of days, 0 or more")
    where = checked_country(country) or country_of(log.timezone)
    scope = Scope(log, pathway, _today(today, log.timezone), silent_days, where, reserve_pattern(reserve_numbers))
    log.keep()
    with log.session.passing():
        by_id = [*of_persons(scope), *alike_within(scope)]
        scope = replace(scope, log=log.coded)  # nothing else asks what a case is called
        sightings = [
            *by_id, *of_events(scope), *of_cases_alone(scope), *of_cases_on_route(scope), *of_repeats(scope), *of_days(scope),
            *of_names(scope), *of_durations(scope), *of_attendance(scope),
        ]  # fmt: skip
    return replace(log.quality, findings=ranked((*log.quality.findings, *placed(sightings, log.places))))


def check_errors(log: EventLog, *, today: date | str | None = None, reserve_numbers: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Gives the errors that `check_quality` finds, without the checks that find none and take longer.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "b"], "activity": ["Visit"] * 2, "start": ["2019-03-05", "1900-01-01"]}))
    >>> [error.code for error in check_errors(log)]
    ['default-dates']
    """
    scope = Scope(log, today=_today(today, log.timezone), reserve=reserve_pattern(reserve_numbers))
    by_id = of_persons(scope)
    scope = replace(scope, log=log.coded)
    sightings = [*by_id, *of_events(scope), *of_cases_alone(scope)]
    found = (*log.quality.findings, *placed((one for one in sightings if one.finding.severity == "error"), log.places))
    return tuple(one for one in found if one.severity == "error")


def _today(given: date | str | None, timezone: str | None) -> int:
    """The number of the day that is today."""
    if given is None:
        return day_number(datetime.now(ZoneInfo(timezone or "UTC")).date())
    if isinstance(given, date):
        return day_number(given)
    try:
        return day_number(date.fromisoformat(given))
    except ValueError:
        raise UsageError(f"today={given!r} can't be read; write it as 2020-12-31") from None
