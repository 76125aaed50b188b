"""Object-centric logs in the engine: events, objects and what links them, flattened on one type of object, each of which is a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadtime.engine.growing import GrowingTable
from leadtime.engine.session import Session
from leadtime.engine.sql import literal
from leadtime.errors import InputError

__all__ = ["ACTIVITY", "CASE", "TIME", "Flattened", "ObjectStore"]

# Keys of the event table; attributes stand there under a key with a mark before, so that none is taken for one of these.
CASE, ACTIVITY, TIME = "case", "activity", "time"


@dataclass(frozen=True)
class Flattened:
    """What flattening did.

    `shared` events belong to several objects of the type and are repeated in each case (convergence); in `diverging` cases an activity
    is repeated for different objects of other types (divergence); `without_events` objects have no event; `changes` are later values
    of the cases' attributes, and `dangling` links lead to objects that aren't declared.
    """

    shared: int
    diverging: int
    without_events: int
    changes: int
    dangling: int


class ObjectStore:
    """Where the events and objects of an object-centric log go."""

    def __init__(self, session: Session, where: str) -> None:
        self.session = session
        self.where = where
        self.events = GrowingTable(session, "ocel_events", book={"event": "VARCHAR"}, where=where, keys=[CASE, ACTIVITY, TIME])
        book = {"object": "VARCHAR", "type": "VARCHAR", "changes": "BIGINT"}
        self.objects = GrowingTable(session, "ocel_objects", book=book, where=where)
        self.links = session.new_name("ocel_links")
        self.order = session.new_name("ocel_order")
        session.run(f"CREATE TABLE {self.links} (event VARCHAR, object VARCHAR)")
        session.run(f"CREATE TABLE {self.order} (event VARCHAR, activity VARCHAR)")

    def add_events(self, ids: Sequence[str], rows: Sequence[dict[str, str | None]]) -> None:
        """Adds events: their ids, and their activity, time and attributes."""
        self.events.append(rows, {"event": ("string", ids)})

    def add_objects(self, ids: Sequence[str], types: Sequence[str], rows: Sequence[dict[str, str | None]], changes: Sequence[int]) -> None:
        """Adds objects: their ids, types, first values of attributes, and how many values came later."""
        self.objects.append(rows, {"object": ("string", ids), "type": ("string", types), "changes": ("Int64", changes)})

    def add_links(self, events: Sequence[str], objects: Sequence[str]) -> None:
        """Adds links from events to objects."""
        self.session.append_columns(self.links, {"event": ("string", events), "object": ("string", objects)})

    def add_order(self, events: Sequence[str], activities: Sequence[str]) -> None:
        """Adds ids and activities of events in the order in which they are to stand."""
        self.session.append_columns(self.order, {"event": ("string", events), "activity": ("string", activities)})

    def put_in_order(self) -> None:
        """Puts the events in the order that was added; one that was only named there has no time, one that wasn't comes last."""
        name, activity = self.session.new_name("ocel_events"), self.events.columns[ACTIVITY]
        columns = f"e.* REPLACE (coalesce(e.event, o.event) AS event, coalesce(e.{activity}, o.activity) AS {activity})"
        joined = f"{self.events.name} AS e FULL JOIN {self.order} AS o ON e.event = o.event"
        self.session.run(f"CREATE TABLE {name} AS SELECT {columns} FROM {joined} ORDER BY o.rowid NULLS LAST, e.rowid")
        self.session.run(f"DROP TABLE {self.events.name}")
        self.session.run(f"ALTER TABLE {name} RENAME TO {self.events.name}")

    def add_bare_objects(self, ids: Sequence[str], types: Sequence[str]) -> None:
        """Adds those objects that aren't there yet, without attributes."""
        given = self.session.new_name("ocel_bare")
        self.session.run(f"CREATE TABLE {given} (object VARCHAR, type VARCHAR)")
        self.session.append_columns(given, {"object": ("string", ids), "type": ("string", types)})
        new = f"SELECT object, type, 0 AS changes FROM {given} ANTI JOIN {self.objects.name} USING (object)"
        self.session.run(f"INSERT INTO {self.objects.name} BY NAME {new}")
        self.session.run(f"DROP TABLE {given}")

    def check_ids(self) -> None:
        """Refuses ids that stand twice, which would mix up events or cases."""
        for what, table in (("event", self.events.name), ("object", self.objects.name)):
            twice = self.session.rows(f"SELECT {what} FROM {table} GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1")
            if twice:
                raise InputError(f"{self.where} holds two {what}s with the id '{twice[0][0]}'; ids must be unique, so it isn't read")

    def types(self) -> dict[str, int]:
        """Gives the number of objects of each type, by code point."""
        query = f"SELECT type, count(*) FROM {self.objects.name} GROUP BY 1 ORDER BY 1"
        return {str(name): int(count) for name, count in self.session.rows(query)}

    def has_events(self) -> bool:
        """Whether any event was stored."""
        return bool(self.session.rows(f"SELECT 1 FROM {self.events.name} LIMIT 1"))

    def flatten(self, chosen: str) -> Flattened:
        """Makes each object of a type a case: its events once each, those of no such object without a case, in order of reading.

        The events' table then has a row an event and case, with `number`, the event's place in the source, and `object` as link to the
        objects' table, in which only those of the type are left.
        """
        run, flat = self.session.run, self.session.new_name("flat")
        of_type = f"SELECT object FROM {self.objects.name} WHERE type = {literal(chosen)}"
        pairs = f"SELECT event, object, min(rowid) AS place FROM {self.links} WHERE object IN ({of_type}) GROUP BY ALL"
        columns = f"e.* REPLACE (l.object AS {self.events.columns[CASE]}), e.rowid + 1 AS number, l.object AS object"
        run(
            f"CREATE TABLE {flat} AS SELECT {columns} FROM {self.events.name} AS e LEFT JOIN ({pairs}) AS l USING (event) "
            "ORDER BY e.rowid, l.place"
        )
        done = self._counted(flat, chosen)
        run(f"DROP TABLE {self.events.name}")
        run(f"ALTER TABLE {flat} RENAME TO {self.events.name}")
        run(f"DELETE FROM {self.objects.name} WHERE type <> {literal(chosen)}")
        run(f"DROP TABLE {self.links}")
        run(f"DROP TABLE {self.order}")
        self._forget_other_attributes()
        return done

    def _counted(self, flat: str, chosen: str) -> Flattened:
        def one(query: str) -> int:
            return int(self.session.rows(f"SELECT count(*) FROM ({query})")[0][0])

        activity, objects = self.events.columns[ACTIVITY], self.objects.name
        others = f"SELECT l.event, list_sort(list(DISTINCT l.object)) AS others FROM {self.links} AS l JOIN {objects} AS o "
        others += f"ON o.object = l.object AND o.type <> {literal(chosen)} GROUP BY 1"
        apart = (
            f"SELECT f.object FROM {flat} AS f LEFT JOIN ({others}) USING (event) WHERE f.object IS NOT NULL "
            f"GROUP BY f.object, f.{activity} HAVING count(DISTINCT coalesce(others, [])) > 1"
        )
        of_type = f"SELECT object, changes FROM {objects} WHERE type = {literal(chosen)}"
        changes = self.session.rows(f"SELECT coalesce(sum(changes), 0) FROM ({of_type})")[0][0]
        return Flattened(
            shared=one(f"SELECT event FROM {flat} GROUP BY event HAVING count(*) > 1"),
            diverging=one(f"SELECT DISTINCT object FROM ({apart})"),
            without_events=one(f"SELECT o.object FROM ({of_type}) AS o ANTI JOIN {flat} AS f USING (object)"),
            changes=int(changes),
            dangling=one(f"SELECT 1 FROM {self.links} AS l ANTI JOIN {objects} AS o USING (object)"),
        )

    def _forget_other_attributes(self) -> None:
        """Leaves out the attributes that no object of the type has."""
        columns = self.objects.columns
        if columns:
            counts = self.session.rows(f"SELECT {', '.join(f'count({name})' for name in columns.values())} FROM {self.objects.name}")[0]
            for key, count in zip(list(columns), counts, strict=True):
                if not count:
                    del columns[key]
