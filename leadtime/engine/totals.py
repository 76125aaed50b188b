"""The last row of a table where it is one of totals, though it has all that an event has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from leadtime.engine.tables import Raw
from leadtime.engine.times import text_of

__all__ = ["without_totals"]

_NAME = re.compile(
    r"(?:tot\.?|totalt?|totals|totalen|totalsumma|slutsumma|summa|summering|sum|grand total|antal|count|number of)"
    r"(?: (?:antal|count|rader|rows|poster|records|ärenden|cases|händelser|events|besök|visits|barn|children))*"
    r" ?[:=]? ?[0-9 ]*",
    re.IGNORECASE,
)
_LAST = 20  # rows that a footer may have below the totals


def without_totals(raw: Raw, roles: Mapping[str, str]) -> Raw:
    """Gives the table with its row of totals refused: of each sheet the last with a case, an activity and a start, where one is so named.

    A name that stands on another row too is that of a case or an activity. A lazy table is left as it is: nobody sums one up.
    """
    if not raw.stored:
        return raw
    case, activity, start = (text_of(raw.column(roles[role]), raw.type_of(roles[role])) for role in ("case_id", "activity", "start"))
    lasts = f"SELECT sheet AS of_sheet, max(pos) AS last FROM {raw.name} GROUP BY 1"
    rows = raw.session.rows(
        f"SELECT sheet, pos, {case}, {activity} FROM {raw.name} "
        f"JOIN ({lasts}) ON sheet IS NOT DISTINCT FROM of_sheet AND pos > last - {_LAST} "
        f"WHERE ({case}) IS NOT NULL AND ({activity}) IS NOT NULL AND ({start}) IS NOT NULL ORDER BY pos"
    )
    last = {sheet: (int(pos), ((case, str(told)), (activity, str(done)))) for sheet, pos, told, done in rows}
    found = [pos for pos, cells in last.values() if any(_NAME.fullmatch(text) and _is_alone(raw, sql, text) for sql, text in cells)]
    if not found:
        return raw
    return replace(raw, refused=(*raw.refused, (f"pos IN ({', '.join(map(str, found))})", "totals row")))


def _is_alone(raw: Raw, column: str, text: str) -> bool:
    """Whether a text stands once in each sheet at the most, as totals do."""
    return not raw.session.rows(f"SELECT 1 FROM {raw.name} WHERE {column} = ? GROUP BY sheet HAVING count(*) > 1 LIMIT 1", [text])
