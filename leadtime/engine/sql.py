"""Names and values as they stand in SQL, whatever they hold."""

from __future__ import annotations

__all__ = ["literal", "quoted"]


def quoted(name: str) -> str:
    """Gives a column or table name as an SQL identifier, whatever it holds.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int) -> str:
    """Gives a value as an SQL literal, for the places where DuckDB takes no parameters (settings, views).

    >>> literal("it's")
    "'it''s'"
    """
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
