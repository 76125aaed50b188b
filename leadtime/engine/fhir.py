"""FHIR resources in the engine: events with references to what else the file holds, which are resolved once all of it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leadtime.engine.growing import GrowingTable
from leadtime.engine.session import Session

__all__ = ["REFERENCES", "ROLES", "ResourceStore"]

# The columns of the event table, and by which reference three of them are named.
ROLES = (
    "case_id", "activity", "start", "end", "unit", "place", "referral_id", "referral_status", "referral_to", "kind", "attended",
    "resource", "resource_id", "status", "code",
)  # fmt: skip
REFERENCES = {"case_id": "patient", "unit": "unit_ref", "place": "place_ref", "referral_to": "to_ref", "referral_id": "request"}

# A chain of referrals, each made because of the one before, is followed so far; a longer one is a ring.
_LONGEST_CHAIN = 20


class ResourceStore:
    """Where the resources of a file go: events, patients, and the names, addresses and origins of what they refer to."""

    def __init__(self, session: Session, where: str) -> None:
        self.session = session
        book = {"line": "BIGINT", "bad": "VARCHAR", **dict.fromkeys(REFERENCES.values(), "VARCHAR")}
        self.events = GrowingTable(session, "fhir_events", book=book, where=where, keys=ROLES)
        self.patients = GrowingTable(session, "fhir_patients", book={"patient": "VARCHAR"}, where=where, keys=["birth_date", "sex"])
        self._pairs = {what: session.new_name(f"fhir_{what}") for what in ("names", "addresses", "origins")}
        for name in self._pairs.values():
            session.run(f"CREATE TABLE {name} (key VARCHAR, value VARCHAR)")

    def add_events(self, rows: Sequence[Mapping[str, str | None]], lines: Sequence[int], bad: Sequence[str | None]) -> None:
        """Adds resources that are events, or lines that can't be read, each with its number in the file."""
        references = {name: ("string", [row.get(name) for row in rows]) for name in REFERENCES.values()}
        texts = [{key: row.get(key) for key in ROLES} for row in rows]
        self.events.append(texts, {"line": ("Int64", lines), "bad": ("string", bad), **references})

    def add_patients(self, rows: Sequence[Mapping[str, str | None]]) -> None:
        """Adds patients by their reference."""
        texts = [{key: row.get(key) for key in ("birth_date", "sex")} for row in rows]
        self.patients.append(texts, {"patient": ("string", [row["patient"] for row in rows])})

    def add_pairs(self, what: str, pairs: Sequence[tuple[str, str]]) -> None:
        """Adds names of references, references of addresses, or the referrals that others come from (``"origins"``)."""
        if pairs:
            self.session.append_columns(
                self._pairs[what], {"key": ("string", [a for a, _ in pairs]), "value": ("string", [b for _, b in pairs])}
            )

    def resolve(self) -> int:
        """Puts names in the place of references, and gives the number of patients without an event."""
        run, events = self.session.run, self.events.name
        for what, name in self._pairs.items():
            apart = "TRUE" if what == "names" else "key <> value"
            run(f"CREATE TABLE {name}_once AS SELECT key, min(value) AS value FROM {name} WHERE {apart} GROUP BY 1")
            run(f"DROP TABLE {name}")
        for reference in REFERENCES.values():
            self._replaced(events, reference, "addresses")
        self._replaced(self._pairs["origins"] + "_once", "value", "addresses")
        # An address may have led to something else than a referral, such as a plan.
        run(f"UPDATE {events} SET request = NULL WHERE contains(request, '/') AND NOT starts_with(request, 'ServiceRequest/')")
        for _ in range(_LONGEST_CHAIN):
            if not self._replaced(events, "request", "origins"):
                break
        for role, reference in REFERENCES.items():
            self._named(self.events.columns[role], reference, by_name=role not in ("case_id", "referral_id"))
        for name in self._pairs.values():
            run(f"DROP TABLE {name}_once")
        patients = self.patients.name
        run(f"DELETE FROM {patients} WHERE rowid NOT IN (SELECT min(rowid) FROM {patients} GROUP BY patient)")
        alone = f"SELECT 1 FROM {patients} AS p ANTI JOIN {events} AS e USING (patient)"
        return int(self.session.rows(f"SELECT count(*) FROM ({alone})")[0][0])

    def _replaced(self, table: str, column: str, what: str) -> bool:
        """Puts the value of a reference in its place; false where none has one."""
        pairs = f"{self._pairs[what]}_once"
        if not self.session.rows(f"SELECT 1 FROM {table} AS t JOIN {pairs} AS p ON p.key = t.{column} LIMIT 1"):
            return False
        self.session.run(f"UPDATE {table} SET {column} = p.value FROM {pairs} AS p WHERE p.key = {table}.{column}")
        return True

    def _named(self, column: str, reference: str, *, by_name: bool) -> None:
        """Fills a column from a reference: the name that the file has for it, else the text beside the reference, else its id."""
        events, names = self.events.name, f"{self._pairs['names']}_once"
        if by_name:
            self.session.run(f"UPDATE {events} SET {column} = n.value FROM {names} AS n WHERE n.key = {events}.{reference}")
        # Of 'Patient/p1' the id is p1; an address such as urn:uuid:… has no slash and stays whole.
        tail = f"regexp_replace({reference}, '^[A-Za-z]+/', '')"
        self.session.run(f"UPDATE {events} SET {column} = {tail} WHERE {column} IS NULL AND {reference} IS NOT NULL")
