"""OCEL 2.0, as JSON, as XML and as SQLite: flattened on a type of object, with what that does to the events said and counted."""

from __future__ import annotations

import copy
import gzip
import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import leadtime as lt
from leadtime.cli import main
from leadtime.ingest import json_text, streams

# Two children and a referral. The joint visit e2 belongs to both children; e4 belongs to the referral only; e5 to nothing that is declared.
LOG: dict[str, Any] = {
    "eventTypes": [
        {"name": "Referral", "attributes": [{"name": "pages", "type": "integer"}]},
        {"name": "Visit", "attributes": [{"name": "minutes", "type": "integer"}, {"name": "unit", "type": "string"}]},
    ],
    "objectTypes": [
        {"name": "child", "attributes": [{"name": "cohort", "type": "string"}]},
        {"name": "referral", "attributes": [{"name": "urgent", "type": "boolean"}]},
    ],
    "events": [
        {
            "id": "e1",
            "type": "Referral",
            "time": "2019-03-05T08:00:00+01:00",
            "attributes": [{"name": "pages", "value": "2"}],
            "relationships": [{"objectId": "c1", "qualifier": "about"}, {"objectId": "r1", "qualifier": "is"}],
        },
        {
            "id": "e2",
            "type": "Visit",
            "time": "2019-03-08T09:30:00Z",
            "attributes": [{"name": "minutes", "value": 45}, {"name": "unit", "value": "BUP"}],
            "relationships": [{"objectId": "c1"}, {"objectId": "c2"}, {"objectId": "c1"}],
        },
        {"id": "e3", "type": "Visit", "time": "2019-03-12T09:30:00Z", "relationships": [{"objectId": "c1"}, {"objectId": "r1"}]},
        {"id": "e4", "type": "Visit", "time": "2019-03-13T09:30:00Z", "relationships": [{"objectId": "r1"}]},
        {"id": "e5", "type": "Visit", "time": "2019-03-14T09:30:00Z", "relationships": [{"objectId": "c9"}]},
    ],
    "objects": [
        {
            "id": "c1",
            "type": "child",
            "attributes": [
                {"name": "cohort", "time": "2020-01-01T00:00:00Z", "value": "after"},
                {"name": "cohort", "time": "1970-01-01T00:00:00Z", "value": "before"},
            ],
        },
        {"id": "c2", "type": "child", "attributes": [{"name": "cohort", "time": "1970-01-01T00:00:00Z", "value": "after"}]},
        {"id": "c3", "type": "child"},
        {"id": "r1", "type": "referral", "attributes": [{"name": "urgent", "time": "1970-01-01T00:00:00Z", "value": "true"}]},
    ],
}  # fmt: skip

# Worked out by hand: 5 March 08:00 at +01:00 is 07:00 in UTC, which is 1551769200 seconds after the epoch; and so on.
CHILDREN = [
    ("c1", "Referral", 1_551_769_200, None, "before", 2, None),
    ("c1", "Visit", 1_552_037_400, "BUP", "before", None, 45),
    ("c2", "Visit", 1_552_037_400, "BUP", "after", None, 45),
    ("c1", "Visit", 1_552_383_000, None, "before", None, None),
]


def as_json(log: Any, folder: Path) -> Path:
    path = folder / "log.jsonocel"
    path.write_text(json.dumps(log), encoding="utf-8")
    return path


def as_xml(log: dict[str, Any], folder: Path, name: str = "log.xmlocel", encoding: str = "utf-8") -> Path:
    """The log as the standard lays it out in XML."""
    root = ElementTree.Element("log")
    for kind in ("object", "event"):
        types = ElementTree.SubElement(root, f"{kind}-types")
        for declared in log[f"{kind}Types"]:
            attributes = ElementTree.SubElement(ElementTree.SubElement(types, f"{kind}-type", name=declared["name"]), "attributes")
            for attribute in declared["attributes"]:
                ElementTree.SubElement(attributes, "attribute", name=attribute["name"], type=attribute["type"])
    for kind, named in (("object", ("id", "type")), ("event", ("id", "type", "time"))):
        items = ElementTree.SubElement(root, f"{kind}s")
        for item in log[f"{kind}s"]:
            made = ElementTree.SubElement(items, kind, {name: item[name] for name in named})
            attributes, links = ElementTree.SubElement(made, "attributes"), ElementTree.SubElement(made, "objects")
            for attribute in item.get("attributes", []):
                time = {"time": attribute["time"]} if "time" in attribute else {}
                ElementTree.SubElement(attributes, "attribute", name=attribute["name"], **time).text = str(attribute["value"])
            for link in item.get("relationships", []):
                qualifier = {"qualifier": link["qualifier"]} if "qualifier" in link else {}
                ElementTree.SubElement(links, "relationship", {"object-id": link["objectId"], **qualifier})
    path = folder / name
    ElementTree.ElementTree(root).write(path, encoding=encoding, xml_declaration=True)
    return path


def as_sqlite(log: dict[str, Any], folder: Path) -> Path:
    """The log as the standard lays it out in SQLite: its types' tables are named by letters only."""
    path = folder / "log.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT); CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT);
        CREATE TABLE event_map_type (ocel_type TEXT, ocel_type_map TEXT); CREATE TABLE object_map_type (ocel_type TEXT, ocel_type_map TEXT);
        CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT);
        CREATE TABLE object_object (ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT);
        CREATE TABLE event_Referral (ocel_id TEXT, ocel_time TIMESTAMP, pages INTEGER);
        CREATE TABLE event_Visit (ocel_id TEXT, ocel_time TIMESTAMP, minutes INTEGER, unit TEXT);
        CREATE TABLE object_Child (ocel_id TEXT, ocel_time TIMESTAMP, ocel_changed_field TEXT, cohort TEXT);
        CREATE TABLE object_Referral (ocel_id TEXT, ocel_time TIMESTAMP, ocel_changed_field TEXT, urgent TEXT);
        """
    )
    connection.executemany("INSERT INTO event_map_type VALUES (?, ?)", [("Referral", "Referral"), ("Visit", "Visit")])
    connection.executemany("INSERT INTO object_map_type VALUES (?, ?)", [("child", "Child"), ("referral", "Referral")])
    for event in log["events"]:
        values = {attribute["name"]: attribute["value"] for attribute in event.get("attributes", [])}
        names = {"Referral": ["pages"], "Visit": ["minutes", "unit"]}[event["type"]]
        row = (event["id"], event["time"], *(values.get(name) for name in names))
        connection.execute("INSERT INTO event VALUES (?, ?)", (event["id"], event["type"]))
        connection.execute(f"INSERT INTO event_{event['type']} VALUES ({', '.join('?' * len(row))})", row)
        links = [(event["id"], link["objectId"], link.get("qualifier")) for link in event["relationships"]]
        connection.executemany("INSERT INTO event_object VALUES (?, ?, ?)", links)
    for thing in log["objects"]:
        connection.execute("INSERT INTO object VALUES (?, ?)", (thing["id"], thing["type"]))
        table = {"child": "Child", "referral": "Referral"}[thing["type"]]
        for attribute in thing.get("attributes", []):
            first = attribute["time"].startswith("1970")
            row = (thing["id"], attribute["time"], None if first else attribute["name"], attribute["value"])
            connection.execute(f"INSERT INTO object_{table} VALUES (?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    return path


def accounted(log: lt.EventLog) -> None:
    quality = log.quality
    assert quality.rows_read == quality.rows_kept + quality.rows_rejected
    assert quality.rows_rejected == sum(quality.rejected_by_reason.values()) == len(log.rejected.rows)
    assert quality.rows_kept == len(log)


def found(log: lt.EventLog) -> dict[str, int]:
    return {finding.code: finding.count for finding in log.quality.findings}


def refused(source: Any, kind: type[lt.LeadtimeError] = lt.InputError, **options: Any) -> str:
    with pytest.raises(lt.LeadtimeError) as caught:
        lt.read_log(source, **options)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("write", [as_json, as_xml, as_sqlite])
def test_the_cases_are_the_objects_of_the_chosen_type(write: Any, tmp_path: Path) -> None:
    log = lt.read_log(write(LOG, tmp_path), object_type="child")
    accounted(log)
    frame = log.to_pandas()
    frame["start_s"] = frame["start_us"] // 1_000_000
    columns = ["case_id", "activity", "start_s", "unit", "cohort", "pages", "minutes"]
    rows = frame[columns].astype(object).where(frame[columns].notna(), None).itertuples(index=False)
    assert [tuple(row) for row in rows] == CHILDREN
    assert "urgent" not in log.columns
    assert (log.precision, log.provenance.format, dict(log.provenance.choices)["object_type"]) == ("clock", "ocel", "child")


@pytest.mark.parametrize("write", [as_json, as_xml, as_sqlite])
def test_what_flattening_does_is_counted_and_said(write: Any, tmp_path: Path) -> None:
    log = lt.read_log(write(LOG, tmp_path), object_type="child")
    assert log.quality.rejected_by_reason == {"no object of the type": 2}
    assert [(row[2], row[5]) for row in log.rejected.rows] == [(4, "no object of the type"), (5, "no object of the type")]
    codes = found(log)
    # e2 is in two cases; c1 has visits with and without the referral; c3 has no event; c1's cohort changed; c9 isn't declared.
    named = ("shared-events", "diverging-cases", "case-without-events", "later-attribute-values", "unknown-objects")
    assert [codes[code] for code in named] == [1, 1, 1, 1, 1]
    assert "convergence" in str(log.quality)
    assert "divergence" in str(log.quality)


def test_another_type_of_object_gives_other_cases(tmp_path: Path) -> None:
    log = lt.read_log(as_json(LOG, tmp_path), object_type="referral")
    assert log.to_pandas()[["case_id", "activity"]].values.tolist() == [["r1", "Referral"], ["r1", "Visit"], ["r1", "Visit"]]
    assert {"shared-events", "case-without-events"}.isdisjoint(found(log))
    assert "cohort" not in log.columns


def test_the_type_is_asked_for_where_there_are_several_and_taken_where_there_is_one(tmp_path: Path) -> None:
    path = as_json(LOG, tmp_path)
    assert "objects of several types: 'child' (3), 'referral' (1); say which is the case, as in object_type=\"child\"" in refused(
        path, lt.UsageError
    )
    assert "object_type='chidl' isn't a type of object" in (message := refused(path, lt.UsageError, object_type="chidl"))
    assert "did you mean 'child'?" in message
    one = {**LOG, "objects": [thing for thing in LOG["objects"] if thing["type"] == "child"]}
    assert len(lt.read_log(as_json(one, tmp_path))) == len(CHILDREN)
    (tmp_path / "log.csv").write_text("case_id,activity,start\n1,x,2019-01-01\n", encoding="utf-8")
    assert "object_type= says what is a case in an OCEL log" in refused(tmp_path / "log.csv", lt.UsageError, object_type="child")


def test_the_commands_take_the_type_from_the_pathway_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pathway = (
        'name = "x"\nstart = "sent"\nstop = ["seen"]\n[milestones.sent]\nactivities = ["Referral"]\n'
        '[milestones.seen]\nactivities = ["Visit"]\n[log]\nobject_type = "child"\n'
    )
    (tmp_path / "pathway.toml").write_text(pathway, encoding="utf-8")
    main(["check", str(as_json(LOG, tmp_path)), "--pathway", str(tmp_path / "pathway.toml")])
    assert "no object of the type that is the case" in capsys.readouterr().out
    assert main(["check", str(as_json(LOG, tmp_path))]) == 2
    assert "[log] of a pathway file" in capsys.readouterr().err


def test_the_commands_take_the_type_as_an_option_which_wins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = as_xml(LOG, tmp_path)
    assert main(["check", str(path), "--object-type", "child"]) in (0, 1)
    assert "6 rows read = 4 kept + 2 rejected" in capsys.readouterr().out
    assert main(["describe", str(path), "--object-type", "referral"]) == 0
    assert main(["check", str(path), "--object-type", "chidl"]) == 2
    assert "did you mean 'child'?" in capsys.readouterr().err


def test_lead_times_of_a_flattened_log_are_those_of_the_same_events_in_a_table(tmp_path: Path) -> None:
    times = lt.lead_times(lt.read_log(as_json(LOG, tmp_path), object_type="child")).to_pandas().set_index("case_id")["lead_time_days"]
    assert times["c1"] == pytest.approx((1_552_383_000 - 1_551_769_200) / 86_400)
    assert times["c2"] == 0


def test_attributes_named_as_roles_or_as_each_other_stay_attributes(tmp_path: Path) -> None:
    log = copy.deepcopy(LOG)
    log["events"][0]["attributes"] = [{"name": "start", "value": "x"}, {"name": "case_id", "value": "y"}, {"name": "cohort", "value": "z"}]
    frame = lt.read_log(as_json(log, tmp_path), object_type="child").to_pandas()
    assert frame["case_id"].tolist() == ["c1", "c1", "c2", "c1"]
    assert frame["cohort"].iloc[0] == "z"
    assert frame["case:cohort"].tolist() == ["before", "before", "after", "before"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "isn't well-formed JSON"),
        (b'{"events": [{"id": "e1"', "isn't well-formed JSON"),
        (b'{"events": [1]}', "'events' holds something that isn't an object in braces"),
        (b'{"events": {"a": 1}}', "an item of 'events' has no 'id'"),
        (b'{"events": [{"id": null, "type": "x"}]}', "an item of 'events' has no 'id'"),
        (b'{"events": [{"id": "1", "attributes": {}}]}', "'attributes' of an item of 'events' isn't a list"),
        (b'{"events": [{"id": "1", "relationships": [{"objectId": []}]}]}', "an item of 'relationships' has no 'objectId'"),
        (b'{"events": [], "objects": [{"id": "1"}]}', "an item of 'objects' has no 'type'"),
        (b'{"events": [], "objects": []}', "holds no events"),
        (b'{"events": [{"id": "1", "type": "x", "time": "2019"}]}', "declares no objects"),
        (b'{"events": [{"id": "1"}, {"id": "1"}], "objects": []}', "holds two events with the id '1'"),
        (b'{"ocel:events": {"1": {}}}', "is an OCEL log of version 1"),
        (b'[{"events": 1}]', "isn't a JSON object: it begins with '['"),
        (b'{"events": [], "x": ' + b"[" * 200_000, "nests values too deep"),
        (b'{"events": [], "x": \xff\xfe}', "isn't in UTF-8"),
        (b'{"events": []} {"events": []}', "something follows the end"),
        (b'{"events": [], 5: 1}', "a name was expected"),
    ],
)  # fmt: skip
def test_json_that_is_broken_or_something_else_is_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(content)
    assert message in refused(path, format="ocel")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<log>", "isn't well-formed XML at line 1"),
        (b'<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "b">]><log/>', "declares a document type"),
        (b"<events/>", "it begins with <events>, not <log>"),
        (b'<log><global scope="log"/></log>', "OCEL of version 1 or XES"),
        (b"<log><trace/></log>", "OCEL of version 1 or XES"),
        (b"<log><events/><objects/></log>", "holds no events"),
        (b"<log><events><event/></events></log>", "an item of 'events' has no 'id'"),
        (
            b'<log><events><event id="1"><objects><relationship/></objects></event></events></log>',
            "an item of 'relationships' has no 'objectId'",
        ),
        (b"<log>" + b"<a>" * 300, "nests tags more than 200 deep"),
        (b"<log>\xff\xfe</log>", "isn't well-formed XML"),
    ],
)
def test_xml_that_is_broken_or_something_else_is_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "log.xmlocel"
    path.write_bytes(content)
    assert message in refused(path, object_type="child")


def test_an_xml_file_is_told_by_its_tags_and_may_be_in_another_encoding(tmp_path: Path) -> None:
    path = as_xml(LOG, tmp_path, "log.xml", "utf-16")
    assert lt.read_log(path, object_type="child").provenance.format == "ocel"
    lt.write_log(lt.read_log(path, object_type="child"), tmp_path / "log.xes")
    (tmp_path / "log.xes").rename(path)
    assert lt.read_log(path).provenance.format == "xes"
    path.write_text("<html/>", encoding="utf-8")
    assert "begins neither as an OCEL log nor as XES does" in refused(path)


@pytest.mark.parametrize("name", ["log.xmlocel.gz", "log.xml.gz", "log.jsonocel.gz", "log.json.gz", "LOG.JSON.GZ"])
def test_a_packed_log_is_the_log(name: str, tmp_path: Path) -> None:
    plain = as_xml(LOG, tmp_path) if "xml" in name else as_json(LOG, tmp_path)
    packed = tmp_path / name
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    log = lt.read_log(packed, object_type="child")
    assert log.provenance.format == "ocel"
    assert log.to_pandas().equals(lt.read_log(plain, object_type="child").to_pandas())
    packed.write_bytes(packed.read_bytes()[:-40])
    assert "is damaged or isn't packed by gzip" in refused(packed, object_type="child")
    packed.write_bytes(b"<log/>")
    assert "is damaged or isn't packed by gzip" in refused(packed, object_type="child")


def test_a_bomb_of_an_xml_log_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "log.xmlocel.gz"
    with gzip.open(path, "wb") as stream:
        stream.write(b"<log>")
        for _ in range(40):
            stream.write(b" " * (1 << 20))
    assert "holds a single tag or text of over 32 MB at line 1" in refused(path, object_type="child")


def test_what_belongs_to_no_item_of_an_xml_log_is_left(tmp_path: Path) -> None:
    path = tmp_path / "log.xmlocel"
    path.write_text(
        """<log xmlns="http://www.ocel-standard.org/"><other><event id="x" type="y"/></other>
        <objects><object id="c1" type="child"><attributes><attribute name="note"> a &amp; <![CDATA[b]]> </attribute></attributes>
        <objects><relationship object-id="c2"/></objects></object></objects>
        <events><event id="e1" type="Visit" time="2019-03-05T08:00Z"><objects><object object-id="c1"/></objects></event></events>
        </log>""",
        encoding="utf-8",
    )
    frame = lt.read_log(path).to_pandas()
    assert frame[["case_id", "activity", "note"]].values.tolist() == [["c1", "Visit", "a & b"]]


def test_every_truncation_of_a_log_is_one_line(tmp_path: Path) -> None:
    content = json.dumps(LOG).encode()
    path = tmp_path / "log.jsonocel"
    for size in range(1, len(content) - 1, 499):
        path.write_bytes(content[:size])
        assert "isn't well-formed JSON" in refused(path, object_type="child")


def test_numbers_of_any_size_and_halves_of_characters_are_read(tmp_path: Path) -> None:
    log = copy.deepcopy(LOG)
    text = json.dumps(log).replace('"value": 45', '"value": ' + "9" * 6000).replace('"BUP"', '"B\\ud800P\\u0000"')
    path = tmp_path / "log.jsonocel"
    path.write_text(text, encoding="utf-8")
    frame = lt.read_log(path, object_type="child").to_pandas()
    assert frame["minutes"].iloc[1] == "9" * 6000
    assert frame["unit"].iloc[1] == "B\ufffdP\0"


def test_a_log_longer_than_a_piece_is_read_in_pieces_and_an_item_larger_than_any_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = lt.read_log(as_json(LOG, tmp_path), object_type="child").to_pandas()
    for size in (1, 64):
        monkeypatch.setattr(streams, "CHUNK", size)
        assert lt.read_log(as_json(LOG, tmp_path), object_type="child").to_pandas().equals(whole)
    monkeypatch.setattr(json_text, "LARGEST_PIECE", 100)
    assert "holds a single item of over 0 MB" in refused(as_json(LOG, tmp_path), object_type="child")


def test_sqlite_that_is_broken_or_something_else_is_one_line(tmp_path: Path) -> None:
    sound = as_sqlite(LOG, tmp_path).read_bytes()
    path = tmp_path / "other.sqlite"
    for content in (b"SQLite format 3\0" + b"x" * 5000, sound[: len(sound) // 2], sound[:4096]):
        path.write_bytes(content)
        assert "SQLite" in refused(path, format="ocel", object_type="child")
    path.write_bytes(b"no database")
    refused(path, format="ocel")
    for number, (statement, message) in enumerate(
        [
            ("DROP TABLE event_object", "has no table 'event_object'"),
            ("ALTER TABLE event_Visit RENAME COLUMN ocel_time TO x", "its table 'event_Visit' has no column 'ocel_time'"),
            ("DROP TABLE object_Child", "has no table 'object_Child'"),
            # A view may compute without end; only tables are read.
            (
                "DROP TABLE event_Visit; CREATE VIEW event_Visit AS WITH RECURSIVE r(ocel_id) AS "
                "(SELECT 1 UNION ALL SELECT ocel_id + 1 FROM r) SELECT ocel_id, 1 AS ocel_time FROM r",
                "has no table 'event_Visit'",
            ),
        ]
    ):
        broken = tmp_path / f"{number}.sqlite"
        broken.write_bytes(sound)
        connection = sqlite3.connect(broken)
        connection.executescript(statement)
        connection.close()
        assert message in refused(broken, format="ocel", object_type="child")


def test_a_sqlite_file_is_never_written_to(tmp_path: Path) -> None:
    place = tmp_path / "å ?mode=rwc#1"
    place.mkdir()
    path = as_sqlite(LOG, place)
    before = path.read_bytes()
    lt.read_log(path, object_type="child")
    assert path.read_bytes() == before
    assert [item.name for item in place.iterdir()] == ["log.sqlite"]


IDS = st.sampled_from(["a", "b", "c"])
TIMES = st.sampled_from(["2019-03-05T08:00:00Z", "2019-03-05", "", "soon", None, 5, "9999-99-99"])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.integers(), max_size=2))
ATTRIBUTES = st.lists(st.fixed_dictionaries({"name": st.sampled_from(["x", "start", "unit"]), "value": VALUES, "time": TIMES}), max_size=2)
LOGS = st.fixed_dictionaries(
    {
        "events": st.lists(
            st.fixed_dictionaries(
                {
                    "id": st.text(min_size=1, max_size=3),
                    "type": st.sampled_from(["v", "", None]),
                    "time": TIMES,
                    "attributes": ATTRIBUTES,
                    "relationships": st.lists(st.fixed_dictionaries({"objectId": IDS}), max_size=4),
                }
            ),
            min_size=1,
            max_size=6,
            unique_by=lambda event: event["id"],
        ),
        "objects": st.lists(
            st.fixed_dictionaries({"id": IDS, "type": st.just("child") | st.just("other"), "attributes": ATTRIBUTES}),
            max_size=3,
            unique_by=lambda thing: thing["id"],
        ),
    }
)


@given(LOGS)
@example({"events": [{"id": "\ud800", "type": "v", "time": "2019-01-01", "relationships": []}], "objects": [{"id": "a", "type": "child"}]})
@settings(max_examples=10)
def test_the_rows_of_any_log_add_up(log: dict[str, Any]) -> None:
    """A row is an event and one of its cases; an event without a case is a row too."""
    children = {thing["id"] for thing in log["objects"] if thing["type"] == "child"}
    cases = [len({link["objectId"] for link in event["relationships"]} & children) for event in log["events"]]
    with tempfile.TemporaryDirectory() as folder:
        path = as_json(log, Path(folder))
        try:
            read = lt.read_log(path, object_type="child")
        except lt.LeadtimeError:
            return  # no such type, or no row could be kept
    accounted(read)
    assert read.quality.rows_read == sum(max(count, 1) for count in cases)
    assert read.quality.rejected_by_reason.get("no object of the type", 0) == cases.count(0)
