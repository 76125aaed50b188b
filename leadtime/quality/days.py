"""What the days tell: months in which nothing happened while the log runs, and contacts on days when nobody works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import narwhals as nw

from leadtime.errors import InputError, UsageError, did_you_mean
from leadtime.log import EventLog, Moment
from leadtime.quality.findings import Sighting, finding
from leadtime.quality.scope import DAY_US, Scope, date_of, day_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["checked_country", "country_of", "of_days", "refuse_centuries"]

# With so many events a month, an empty one isn't chance: under a Poisson law it comes once in twenty thousand months.
_EVENTS_A_MONTH = 10
_TAIL = 0.001  # events this far out at either end may be slips, and don't make the log run
_NAMED = 6

_CENTURIES = 2 * 36_525  # days; a report has a row for each month

# Kinds of activity in which a person is met; others may be recorded on any day.
_CONTACTS = frozenset(("value", "contact", "assessment", "intervention", "team", "consultation"))


def refuse_centuries(log: EventLog, until: Moment | None) -> None:
    """Stops where a slip in a date stretches the observation over centuries, which would bend all means and has a row for each month.

    Raises:
        InputError: the first event begins over two hundred years before the end of the observation.
    """
    first = log.session.collect(log.coded.frame.select(nw.col("start_wall_us").min().alias("first")))["first"].iloc[0]
    if until is not None and (until.wall_us - int(first)) // DAY_US > _CENTURIES:
        begin, end = (date_of(int(wall) // DAY_US).year for wall in (first, until.wall_us))
        raise InputError(
            f"the log goes from the year {begin} to the year {end}, so a date in it is a slip; mend it (`leadtime check` tells its row), "
            "or end the observation before it with observed_until= (--observed-until)"
        )


def of_days(scope: Scope) -> list[Sighting]:
    """Gives the inactive months and the contacts on weekends and public holidays, from one count a day.

    Contacts are the activities whose declared kind is one; all activities where the pathway declares no such kind.
    """
    contacts = () if scope.route is None else tuple(name for name, made in scope.route.activities.items() if made.kind in _CONTACTS)
    met = nw.col("activity").is_in(list(contacts)) if contacts else nw.lit(value=True)
    days = scope.inside.select(day_of("start").alias("day"), met.alias("met"), "row").group_by("day", "met")
    frame = scope.collect(days.agg(nw.len().alias("events"), nw.col("row").min().alias("row")))
    if frame.empty:
        return []
    return [*_inactive(frame), *_off_days(frame[frame["met"].astype(bool)], scope)]


def _inactive(days: pd.DataFrame) -> list[Sighting]:
    """Months without an event between the first and the last that count, where the log has many events a month."""
    events = days.groupby("day")["events"].sum().sort_index()
    shares = events.cumsum() / events.sum()
    inner = events[(shares >= _TAIL) & (shares.shift(1, fill_value=0) <= 1 - _TAIL)]
    months = {_month(day) for day in inner.index}
    first, last = min(months), max(months)
    running = range(first, last + 1)
    empty = [month for month in running if month not in months]
    if not empty or inner.sum() < _EVENTS_A_MONTH * len(running):
        return []
    named = ", ".join(f"{month // 12}-{month % 12 + 1:02}" for month in empty[:_NAMED]) + (" …" if len(empty) > _NAMED else "")
    return [Sighting(finding("inactive-months", len(empty), values={"what": named}))]


def _month(day: int) -> int:
    at = date_of(int(day))
    return at.year * 12 + at.month - 1


def _off_days(days: pd.DataFrame, scope: Scope) -> list[Sighting]:
    """Contacts on Saturdays, Sundays and the public holidays of the country, with the days on which hardly anyone works."""
    holidays = _holidays(scope.country, {date_of(int(day)).year for day in days["day"]})
    off = [(int(day) + 3) % 7 >= 5 or int(day) in holidays for day in days["day"]]  # day 0 was a Thursday
    chosen = days[off]
    if chosen.empty:
        return []
    rows = tuple(int(row) for row in sorted(chosen["row"])[:3])
    return [Sighting(finding("weekend-contacts", int(chosen["events"].sum()), of=int(days["events"].sum())), rows)]


def _holidays(country: str | None, years: Iterable[int]) -> frozenset[int]:
    """The days on which a country is closed, by number; those that are so in fact and not by law as well, where the library knows them."""
    if country is None:
        return frozenset()
    import holidays

    known = holidays.country_holidays(country).supported_categories
    categories = tuple(name for name in ("public", "de_facto") if name in known)
    found = holidays.country_holidays(country, years=[year for year in years if 1900 <= year <= 2100], categories=categories)
    return frozenset((day - date_of(0)).days for day in found)


def checked_country(code: str | None) -> str | None:
    """Gives a country's code, once its holidays are known to be there.

    >>> checked_country("SW")
    Traceback (most recent call last):
    ...
    leadtime.errors.UsageError: country='SW' has no holidays here; did you mean ...
    """
    if code is None:
        return None
    import holidays

    known = sorted(holidays.list_supported_countries())
    if code not in known:
        raise UsageError(f"country={code!r} has no holidays here{did_you_mean(str(code), known)}")
    return code


def country_of(timezone: str | None) -> str | None:
    """Gives the country of a time zone, where its holidays are known.

    >>> country_of("Europe/Stockholm"), country_of("UTC"), country_of(None)
    ('SE', None, None)
    """
    if timezone is None:
        return None
    from babel.core import get_global

    code = get_global("zone_territories").get(timezone)
    if code is None:
        return None
    import holidays

    try:
        holidays.country_holidays(code)  # to list all countries takes longer
    except NotImplementedError:
        return None
    return str(code)
