"""Events with their cases by number and their repeated texts as categories, which the engine sorts and groups in half the time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import narwhals as nw

from leadtime.engine.failures import resources
from leadtime.engine.protocol import Coded
from leadtime.engine.sql import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation
    from duckdb.sqltypes import DuckDBPyType

    from leadtime.engine.session import Session

__all__ = ["coded", "distinct_count"]

# Rows of a table whose texts are worth holding as categories, of one byte each; and of one that is worth copying for it, with room to.
_LEAST_CODED, _MOST_COPIED = 50_000, 3_000_000
_MOST_CATEGORIES = 250
_LOOKED_AT = 20_000  # rows whose texts, where they are many, spare the look at all


def coded(session: Session, frame: nw.LazyFrame[Any], key: str) -> Coded | None:
    """Gives a frame with its key by number; None where it is too small for that to matter.

    It is made as it is read, until it is asked to be kept: one measure reads it once, and to store it costs as much as to read it.
    """
    size = session.count(frame)
    if size < _LEAST_CODED:
        return None
    relation, name = cast("DuckDBPyRelation", frame.to_native()), quoted(key)
    ordered = relation.aggregate(name, name).project(f"{name}, row_number() OVER (ORDER BY {name})::INTEGER AS number")
    numbers = session.kept(ordered)
    joined = _categorised(session, relation, but=key).join(numbers, on=key, how="inner").drop(key).rename({"number": key})
    made = session.new_name("coded")
    with resources():
        cast("DuckDBPyRelation", joined.select(*relation.columns).to_native()).create_view(made)

    @cache
    def keep() -> None:
        """Stores the frame under its own name, so that what was declared on it reads the stored one; a very large one stays as it is."""
        if size <= _MOST_COPIED:
            session.run(f"CREATE TABLE {made}_kept AS SELECT * FROM {made}")
            session.run(f"CREATE OR REPLACE VIEW {made} AS SELECT * FROM {made}_kept")

    return Coded(session.lazy(session.sql(f"SELECT * FROM {made}")), numbers, keep)


def distinct_count(column: str, kind: DuckDBPyType) -> str:
    """The SQL for how many different values a column holds; of categories by a bit for each, which needs no set for every key."""
    if kind.id != "enum":
        return f"count(DISTINCT {quoted(column)})"
    categories = cast("list[str]", kind.children[0][1])
    return f"coalesce(bit_count(bitstring_agg(enum_code({quoted(column)}), 0, {len(categories) - 1})), 0)"


def _categorised(session: Session, relation: DuckDBPyRelation, *, but: str) -> nw.LazyFrame[Any]:
    """All text columns but one as categories where they hold few texts, for these are cheap to carry and count."""
    texts = [name for name, kind in zip(relation.columns, relation.types, strict=True) if kind == "VARCHAR" and name != but]
    kinds = {name: kind for name in _of_few_texts(session, relation, texts) if (kind := _category(session, relation, name))}
    # `TRY_CAST` fails on none of them, and only of what can't fail the engine asks once for each text of a column instead of each row.
    replaced = ", ".join(f"TRY_CAST({quoted(name)} AS {kind}) AS {quoted(name)}" for name, kind in kinds.items())
    return session.lazy(relation.project(f"* REPLACE ({replaced})") if kinds else relation)


def _of_few_texts(session: Session, relation: DuckDBPyRelation, columns: list[str]) -> list[str]:
    """The columns that may be worth it: those whose first rows hold few texts."""
    if not columns:
        return []
    with session.stoppable(), resources():
        first = relation.project(", ".join(map(quoted, columns))).limit(_LOOKED_AT)
        counts = first.aggregate(", ".join(f"count(DISTINCT {quoted(name)})" for name in columns)).fetchall()[0]
    return [name for name, count in zip(columns, counts, strict=True) if count <= _MOST_CATEGORIES]


def _category(session: Session, relation: DuckDBPyRelation, column: str) -> str | None:
    """Declares the type of a column's texts, in their order, and gives its name; None where they are many, or none at all."""
    text, texts, kind = quoted(column), session.new_name("texts"), session.new_name("category")
    with session.stoppable(), resources():
        relation.aggregate(text, text).create(texts)
    found = session.rows(f"SELECT count({text}) FROM {texts}")[0][0]
    if 0 < found <= _MOST_CATEGORIES:
        session.run(f"CREATE TYPE {kind} AS ENUM (SELECT {text} FROM {texts} WHERE {text} IS NOT NULL ORDER BY 1)")
    session.run(f"DROP TABLE {texts}")
    return kind if 0 < found <= _MOST_CATEGORIES else None
