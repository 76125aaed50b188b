"""A wide raw table (one row a case, one column a milestone) turned into a long one (one row a milestone reached)."""

from __future__ import annotations

from collections.abc import Sequence

from leadtime.engine.sql import literal
from leadtime.engine.tables import Raw
from leadtime.engine.times import all_midnights, text_of

__all__ = ["DASHES", "long_table", "some_texts"]

DASHES = ".\u2013\u2014\u2212-"


def some_texts(raw: Raw, header: str, limit: int) -> list[str]:
    """Gives some distinct values of a column as texts, in the order of rows."""
    text = text_of(raw.column(header), raw.type_of(header))
    groups = f"SELECT {text} AS text, min(pos) AS place FROM {raw.name} GROUP BY 1"
    return [str(row[0]) for row in raw.session.rows(f"SELECT text FROM ({groups}) WHERE text IS NOT NULL ORDER BY place LIMIT ?", [limit])]


def long_table(raw: Raw, milestones: Sequence[str], *, activity: str, start: str) -> Raw:
    """Gives the table of milestones reached, under two new headers, beside the columns that are no milestone.

    A row without any milestone stays as one row without activity and start, so that it is accounted for.
    """
    session = raw.session
    kept = [header for header in raw.headers if header not in milestones]
    cells = ", ".join(f"{{'name': {literal(header)}, 'text': {_text(raw, header)}}}" for header in milestones)
    reached = f"list_filter([{cells}], lambda cell: cell.text IS NOT NULL)"
    columns = "".join(f"{raw.column(header)} AS c{i}, " for i, header in enumerate(kept))
    name, width = session.new_name("raw"), len(kept)
    session.run(
        f"""CREATE TABLE {name} AS
        WITH gathered AS (SELECT *, {reached} AS cells FROM {raw.name}),
        filled AS (SELECT *, CASE WHEN len(cells) = 0 THEN [NULL] ELSE cells END AS cells_or_none FROM gathered),
        apart AS (SELECT *, unnest(cells_or_none) AS cell, generate_subscripts(cells_or_none, 1) AS place FROM filled)
        SELECT {columns} cell.name AS c{width}, cell.text AS c{width + 1}, row_number() OVER (ORDER BY pos, place) - 1 AS pos,
            line, sheet, bad
        FROM apart"""
    )
    session.run(f"CREATE VIEW {name}_view AS SELECT * FROM {name}")
    types = {header: kind for header, kind in zip(raw.headers, raw.types, strict=True)}
    raw.drop()
    return Raw(session, f"{name}_view", (*kept, activity, start), (*(types[header] for header in kept), "VARCHAR", "VARCHAR"), stored=True)


def _text(raw: Raw, header: str) -> str:
    """The SQL of a milestone's date as text; date-times that are all midnights are dates (DEFINITIONS 1.2)."""
    column, kind = raw.column(header), raw.type_of(header)
    if kind.startswith("TIMESTAMP") and "ZONE" not in kind and not kind.endswith("TZ") and all_midnights(raw.session, raw.name, column):
        return f"{column}::DATE::VARCHAR"
    text = text_of(column, kind)
    # A dash in a cell says that the milestone isn't reached, as an empty one does.
    return f"CASE WHEN NOT regexp_full_match({text}, '[{DASHES}]+') THEN {text} END"
