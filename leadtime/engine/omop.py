"""OMOP tables in the engine: visits, conditions, procedures and episodes put under one another as events, with names looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadtime.engine.session import Session
from leadtime.engine.sql import literal, quoted
from leadtime.engine.tables import Raw
from leadtime.engine.times import text_of
from leadtime.errors import InputError

__all__ = ["COLUMNS", "EVENT_TABLES", "HEADERS", "omop_events"]


@dataclass(frozen=True)
class _Form:
    """What the columns of a table of events are called: its own id, concept and source value, and the times with and without a clock."""

    name: str
    start: tuple[str, str]
    end: tuple[str, str] | None = None
    kind: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read."""
        own = (f"{self.id}_id", f"{self.name}_concept_id", f"{self.name}_source_value")
        return ("person_id", *own, "visit_occurrence_id", *self.start, *(self.end or ()))

    @property
    def id(self) -> str:
        """The table's name, from which its key has its own."""
        return "episode" if self.name == "episode" else f"{self.name}_occurrence"


# A condition is an event when it was recorded: the years that it may last are not time at work, so its end is left out.
_FORMS = {
    form.id: form
    for form in (
        _Form("visit", ("visit_start_datetime", "visit_start_date"), ("visit_end_datetime", "visit_end_date"), kind="contact"),
        _Form("condition", ("condition_start_datetime", "condition_start_date")),
        _Form("procedure", ("procedure_datetime", "procedure_date"), ("procedure_end_datetime", "procedure_end_date"), kind="contact"),
        _Form("episode", ("episode_start_datetime", "episode_start_date"), ("episode_end_datetime", "episode_end_date")),
    )
}
EVENT_TABLES = tuple(_FORMS)
_BIRTH = ("birth_datetime", "year_of_birth", "month_of_birth", "day_of_birth")

# What is read of each table, whatever else it holds.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{name: form.columns for name, form in _FORMS.items()},
    "visit_occurrence": (*_FORMS["visit_occurrence"].columns, "care_site_id"),
    "concept": ("concept_id", "concept_name"),
    "care_site": ("care_site_id", "care_site_name"),
    "person": ("person_id", *_BIRTH, "gender_concept_id", "gender_source_value"),
}

HEADERS = (
    "case_id", "activity", "start", "end", "unit", "kind", "birth_date", "sex", "record", "concept_id", "source_value", "visit_id",
)  # fmt: skip
_MIDNIGHT = r"\d{4}-\d\d-\d\d[ T]00:00(:00(\.0+)?)?"


def omop_events(tables: Mapping[str, Raw], where: str) -> tuple[Raw, int, list[str]]:
    """Gives the events of some OMOP tables, how many go by the number of their concept, and which columns of times are all midnights.

    Raises:
        InputError: a table lacks its person or its time.
    """
    session = next(iter(tables.values())).session
    lookups = {name: _lookup(session, name, tables) for name in ("concept", "care_site", "person", "visit_occurrence")}
    parts: list[str] = []
    dated: list[str] = []
    for place, (name, form) in enumerate(_FORMS.items()):
        if name in tables:
            parts.append(_events(tables[name], form, place, lookups, where, dated))
    name = session.new_name("raw")
    columns = ", ".join(f"{quoted(header)} AS c{i}" for i, header in enumerate(HEADERS))
    book = "row_number() OVER (ORDER BY place, pos) - 1 AS pos, line, sheet, bad, unnamed"
    session.run(f"CREATE TABLE {name} AS SELECT {columns}, {book} FROM ({' UNION ALL '.join(parts)}) ORDER BY place, pos")
    session.run(f"CREATE VIEW {name}_view AS SELECT * FROM {name}")
    unnamed = int(session.rows(f"SELECT count(*) FROM {name} WHERE unnamed")[0][0])
    for table in lookups.values():
        session.run(f"DROP TABLE {table}")
    for raw in tables.values():
        raw.drop()
    return Raw(session, f"{name}_view", HEADERS, ("VARCHAR",) * len(HEADERS), stored=True), unnamed, dated


class _Columns:
    """The columns of a table by their folded names, as SQL of texts; null where it hasn't got one."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self._headers = {header.casefold(): header for header in reversed(raw.headers)}

    def has(self, name: str) -> bool:
        """Whether the table has a column."""
        return name in self._headers

    def text(self, name: str) -> str:
        """A column as text."""
        if not self.has(name):
            return "NULL::VARCHAR"
        header = self._headers[name]
        return text_of(self.raw.column(header), self.raw.type_of(header))

    def key(self, name: str) -> str:
        """A column of numbers that name something; a program may have written them with a decimal."""
        return rf"regexp_replace({self.text(name)}, '\.0+$', '')"


def _lookup(session: Session, name: str, tables: Mapping[str, Raw]) -> str:
    """Stores what is looked up in a table by its key; nothing where the table isn't there."""
    made = session.new_name("omop")
    if name not in tables:
        session.run(f"CREATE TABLE {made} (key VARCHAR, first VARCHAR, second VARCHAR, third VARCHAR)")
        return made
    columns = _Columns(tables[name])
    second = third = "NULL::VARCHAR"
    if name == "person":
        key, first, second, third = "person_id", _born(columns), columns.key("gender_concept_id"), columns.text("gender_source_value")
    elif name == "visit_occurrence":
        key, first = "visit_occurrence_id", columns.key("care_site_id")
    else:
        key, first = f"{name}_id", columns.text(f"{name}_name")
    chosen = f"SELECT {columns.key(key)} AS key, {first} AS first, {second} AS second, {third} AS third FROM {columns.raw.name}"
    once = "any_value(first ORDER BY first) AS first, any_value(second ORDER BY first) AS second, any_value(third ORDER BY first) AS third"
    session.run(f"CREATE TABLE {made} AS SELECT key, {once} FROM ({chosen}) WHERE key IS NOT NULL GROUP BY key")
    return made


def _born(columns: _Columns) -> str:
    """The date of birth, as exactly as it is known: to the day, the month or the year."""
    year, month, day = (columns.key(name) for name in _BIRTH[1:])
    month, day = (f"('-' || lpad({part}, 2, '0'))" for part in (month, day))
    parts = f"{year} || CASE WHEN {month} IS NULL THEN '' ELSE {month} || coalesce({day}, '') END"
    return f"coalesce(left({columns.text('birth_datetime')}, 10), {parts})"


def _events(raw: Raw, form: _Form, place: int, lookups: Mapping[str, str], where: str, dated: list[str]) -> str:
    """The SQL of a table's rows as events."""
    columns = _Columns(raw)
    for needed in ("person_id", form.start):
        names = (needed,) if isinstance(needed, str) else needed
        if not any(columns.has(name) for name in names):
            raise InputError(f"{where} isn't OMOP 5.4: its table '{form.id}' has no column '{names[-1]}'")
    source, concept = columns.text(f"{form.name}_source_value"), columns.key(f"{form.name}_concept_id")
    own = {
        "person": columns.key("person_id"), "concept": concept, "source": source, "record": columns.key(f"{form.id}_id"),
        "visit": columns.key("visit_occurrence_id"), "start": _time(columns, form.start, dated),
        "finish": "NULL::VARCHAR" if form.end is None else _time(columns, form.end, dated),
    }  # fmt: skip
    chosen = ", ".join(f"{sql} AS {name}" for name, sql in own.items())
    # Concept 0 is "no matching concept": then what the source called it says more.
    activity = "CASE WHEN coalesce(e.concept, '0') = '0' THEN coalesce(e.source, c.first, e.concept) ELSE coalesce(c.first, e.concept) END"
    named = {
        "case_id": "e.person", "activity": activity, "start": "e.start", "end": "e.finish", "unit": "coalesce(s.first, v.first)",
        "kind": literal(form.kind) if form.kind else "NULL::VARCHAR", "birth_date": "p.first",
        "sex": "coalesce(CASE WHEN p.second <> '0' THEN g.first END, p.third, nullif(p.second, '0'))",
        "record": "e.record", "concept_id": "e.concept", "source_value": "e.source", "visit_id": "e.visit",
    }  # fmt: skip
    joins = {"c": ("concept", "e.concept"), "v": ("visit_occurrence", "e.visit"), "s": ("care_site", "v.first")}
    joins |= {"p": ("person", "e.person"), "g": ("concept", "p.second")}
    joined = " ".join(f"LEFT JOIN {lookups[name]} AS {alias} ON {alias}.key = {on}" for alias, (name, on) in joins.items())
    unnamed = "(e.concept IS NOT NULL AND e.concept <> '0' AND c.first IS NULL) AS unnamed"
    book = f"{place} AS place, e.pos AS pos, e.line AS line, {literal(form.id)} AS sheet, e.bad AS bad, {unnamed}"
    selected = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in named.items())
    return f"SELECT {selected}, {book} FROM (SELECT {chosen}, pos, line, bad FROM {raw.name}) AS e {joined}"


def _time(columns: _Columns, names: Sequence[str], dated: list[str]) -> str:
    """The SQL of a time: with its clock, unless all of the column's are midnights and so no more than dates."""
    clock, day = (columns.text(name) for name in names)
    found: list[str] = []
    for name, text in zip(names, (clock, day), strict=True):
        other = f"SELECT 1 FROM {columns.raw.name} WHERE NOT regexp_full_match({text}, {literal(_MIDNIGHT)}) LIMIT 1"
        some = f"SELECT 1 FROM {columns.raw.name} WHERE {text} IS NOT NULL LIMIT 1"
        midnights = columns.has(name) and not columns.raw.session.rows(other) and bool(columns.raw.session.rows(some))
        if midnights and name == names[0]:
            dated.append(name)
        found.append(f"left({text}, 10)" if midnights else text)
    # A date says as much as a midnight does, and is what was meant.
    first, second = reversed(found) if names[0] in dated else found
    return f"coalesce({first}, {second})"
