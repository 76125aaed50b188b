"""FHIR R4, as a bundle and as a resource a line: each resource an event of its patient, with what it is rejected for said."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt
from leadtime.ingest import streams
from leadtime.ingest.fhir_resources import EVENTS

PATIENT = {"reference": "Patient/p1"}
RESOURCES: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p1", "birthDate": "2016-05-01", "gender": "female"},
    {"resourceType": "Patient", "id": "p2", "gender": "male"},
    {"resourceType": "Organization", "id": "bvc", "name": "BVC Skene"},
    {
        "resourceType": "ServiceRequest", "id": "r1", "status": "completed", "subject": PATIENT, "authoredOn": "2019-03-05",
        "code": {"text": "Remiss logoped"}, "requester": {"reference": "Organization/bvc"}, "performer": [{"display": "Person"}, {
            "reference": "https://example.org/fhir/Organization/logo/_history/2", "display": "Logopedmottagningen"}],
    },
    {
        "resourceType": "ServiceRequest", "id": "r2", "status": "active", "subject": PATIENT, "authoredOn": "2019-03-20",
        "basedOn": [{"reference": "ServiceRequest/r1"}], "requester": {"reference": "Practitioner/x", "display": "Ann Berg"},
    },
    {
        "resourceType": "Task", "status": "accepted", "for": PATIENT, "focus": {"reference": "ServiceRequest/r2"},
        "authoredOn": "2019-03-20", "lastModified": "2019-03-27", "code": {"coding": [{"code": "approve"}]},
    },
    {
        "resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "AMB", "display": "ambulatory"},
        "subject": PATIENT,
        "period": {"start": "2019-04-02T09:00:00+02:00", "end": "2019-04-02T10:00:00+02:00"},
        "serviceProvider": {"reference": "Organization/bvc", "display": "another spelling"},
        "basedOn": [{"reference": "ServiceRequest/r2"}],
        "location": [{"location": {"display": "Skene"}}],
    },
    {
        "resourceType": "EpisodeOfCare", "status": "active", "patient": PATIENT, "period": {"start": "2019-04"},
        "managingOrganization": {"display": "BUP"},
    },
    {
        "resourceType": "Procedure", "status": "completed", "subject": PATIENT,
        "performedPeriod": {"start": "2019-05-06", "end": "2019-05-07"},
        "code": {"coding": [{"code": "AU118", "display": "Utredning"}]}, "performer": [{"actor": {"display": "Dr Ek"}}],
    },
    {
        "resourceType": "Condition", "subject": PATIENT, "onsetDateTime": "2017", "recordedDate": "2019-06-01",
        "code": {"coding": [{"code": "F80.2"}]}, "clinicalStatus": {"coding": [{"code": "active"}]},
    },
    {"resourceType": "CareTeam", "id": "t1", "status": "active", "subject": PATIENT, "period": {"start": "2019"}, "name": "Småbarnsteam"},
    {"resourceType": "Observation", "id": "o1"},
    {"resourceType": "Observation", "id": "o2"},
    {"resourceType": "Encounter", "status": "planned", "class": {"code": "AMB"}, "subject": PATIENT},
    {"resourceType": "Condition", "subject": {"reference": "Group/g"}, "recordedDate": "2019-06-01"},
    {
        "resourceType": "Condition", "subject": PATIENT, "recordedDate": "2019-06-02",
        "verificationStatus": {"coding": [{"code": "entered-in-error"}]},
    },
]  # fmt: skip

# activity, start, end (first and last day it may be), unit, referral, its status
EVENTS_BY_HAND = [
    ("ServiceRequest: Remiss logoped", "2019-03-05", "2019-03-05", "BVC Skene", "r1", "sent", "Logopedmottagningen", "referral"),
    ("ServiceRequest", "2019-03-20", "2019-03-20", None, "r1", "sent", None, "referral"),
    ("Task: approve", "2019-03-20", "2019-03-27", None, "r1", "accepted", None, None),
    ("Encounter: ambulatory", "2019-04-02", "2019-04-02", "BVC Skene", "r1", None, None, "contact"),
    ("EpisodeOfCare", "2019-04-01", "2019-04-30", "BUP", None, None, None, None),
    ("Procedure: Utredning", "2019-05-06", "2019-05-07", None, None, None, None, "contact"),
    ("Condition: F80.2", "2019-06-01", "2019-06-01", None, None, None, None, None),
    ("CareTeam: Småbarnsteam", "2019-01-01", "2019-12-31", None, None, None, None, None),
]


def as_bundle(resources: list[Any], folder: Path, indent: int | None = 1) -> Path:
    path = folder / "bundle.json"
    entries = [{"resource": resource} for resource in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}, indent=indent), encoding="utf-8")
    return path


def as_lines(resources: list[Any], folder: Path) -> Path:
    path = folder / "resources.ndjson"
    path.write_text("".join(json.dumps(resource) + "\n" for resource in resources), encoding="utf-8")
    return path


def as_packed_lines(resources: list[Any], folder: Path) -> Path:
    path = folder / "resources.ndjson.gz"
    path.write_bytes(gzip.compress(as_lines(resources, folder).read_bytes()))
    return path


def as_one_line(resources: list[Any], folder: Path) -> Path:
    return as_bundle(resources, folder, indent=None)


def accounted(log: lt.EventLog) -> None:
    quality = log.quality
    assert quality.rows_read == quality.rows_kept + quality.rows_rejected
    assert quality.rows_rejected == sum(quality.rejected_by_reason.values()) == len(log.rejected.rows)
    assert quality.rows_kept == len(log)


def day(us: float) -> str:
    return str(dt.date(1970, 1, 1) + dt.timedelta(days=int(us) // 86_400_000_000))


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(lt.LeadtimeError) as caught:
        lt.read_log(path, **options)
    assert type(caught.value) is lt.InputError
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("write", [as_bundle, as_one_line, as_lines, as_packed_lines])
def test_each_resource_is_an_event_of_its_patient(write: Any, tmp_path: Path) -> None:
    log = lt.read_log(write(RESOURCES, tmp_path), timezone="Europe/Stockholm")
    accounted(log)
    frame = log.to_pandas()
    frame = frame.astype(object).where(frame.notna(), None)
    columns = ["unit", "referral_id", "referral_status", "referral_to", "kind"]
    read = [
        (row["activity"], day(row["start_lower_wall_us"]), day(row["end_upper_wall_us"]), *(row[column] for column in columns))
        for _, row in frame.iterrows()
    ]
    assert read == EVENTS_BY_HAND
    assert set(frame["case_id"]) == {"p1"}
    assert set(frame["sex"]) == {"female"}
    assert {day(us) for us in frame["birth_date_wall_us"]} == {"2016-05-01"}
    encounter = frame[frame["activity"] == "Encounter: ambulatory"].iloc[0]
    assert encounter["start_us"] == 1_554_188_400_000_000  # 2 April 2019 07:00 in UTC
    assert encounter["end_us"] - encounter["start_us"] == 3_600_000_000
    assert [encounter[name] for name in ("attended", "place", "status", "resource_id")] == ["yes", "Skene", "finished", "e1"]
    assert (log.precision, log.provenance.format) == ("mixed", "fhir")


def test_what_is_no_event_is_counted_and_what_cannot_be_placed_is_rejected(tmp_path: Path) -> None:
    log = lt.read_log(as_lines(RESOURCES, tmp_path))
    assert log.quality.rejected_by_reason == {"no start": 1, "no case id": 1, "entered in error": 1}
    assert {row[2]: row[5] for row in log.rejected.rows} == {14: "no start", 15: "no case id", 16: "entered in error"}
    others = next(finding for finding in log.quality.findings if finding.code == "other-resources")
    assert (others.count, others.examples) == (2, ("Observation: 2",))
    assert next(finding for finding in log.quality.findings if finding.code == "case-without-events").count == 1


def test_names_of_persons_are_not_taken_for_units(tmp_path: Path) -> None:
    frame = lt.read_log(as_lines(RESOURCES, tmp_path)).to_pandas()
    assert not frame.astype(str).apply(lambda column: column.str.contains("Ann Berg|Dr Ek|Person")).any().any()


def test_partial_dates_keep_their_bounds(tmp_path: Path) -> None:
    log = lt.read_log(as_lines(RESOURCES, tmp_path))
    frame = log.to_pandas().set_index("activity")
    bounds = [(day(row["start_lower_wall_us"]), day(row["start_upper_wall_us"])) for _, row in frame.iterrows()]
    assert bounds[-1] == ("2019-01-01", "2019-12-31")
    assert next(finding for finding in log.quality.findings if finding.code == "partial-dates").count == 2


def test_addresses_within_a_bundle_lead_to_what_they_name(tmp_path: Path) -> None:
    bundle = {
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "p9", "gender": "male"}},
            {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Organization", "name": "BUP"}},
            {"fullUrl": "urn:uuid:3", "resource": {
                "resourceType": "ServiceRequest", "subject": {"reference": "urn:uuid:1"}, "authoredOn": "2019-01-02"}},
            {"resource": {
                "resourceType": "Encounter", "subject": {"reference": "Patient/p9"}, "serviceProvider": {"reference": "urn:uuid:2"},
                "period": {"start": "2019-01-03"}, "basedOn": [{"reference": "urn:uuid:3"}]}},
        ],
        "resourceType": "Bundle",
    }  # fmt: skip
    (tmp_path / "b.json").write_text(json.dumps(bundle), encoding="utf-8")
    frame = lt.read_log(tmp_path / "b.json").to_pandas()
    assert frame[["case_id", "referral_id", "sex"]].values.tolist() == [["p9", "urn:uuid:3", "male"]] * 2
    assert frame["unit"].iloc[1] == "BUP"


def test_a_ring_of_referrals_ends(tmp_path: Path) -> None:
    ring = [
        {
            "resourceType": "ServiceRequest", "id": own, "subject": PATIENT, "authoredOn": "2019-01-01",
            "basedOn": [{"reference": f"ServiceRequest/{other}"}],
        }
        for own, other in (("a", "b"), ("b", "a"), ("c", "c"))
    ]  # fmt: skip
    assert sorted(lt.read_log(as_lines(ring, tmp_path)).to_pandas()["referral_id"])[-1] == "c"


def test_a_line_that_is_broken_is_a_rejected_row_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    good = json.dumps(RESOURCES[9])
    lines = [good, "", '{"resourceType": "Condi', "[" * 100_000, "5", '{"a": 1}', good.replace('"2019-06-01"', "9" * 5000), good]
    path.write_text("\n".join(lines), encoding="utf-8")
    log = lt.read_log(path)
    accounted(log)
    assert [(row[2], row[5]) for row in log.rejected.rows] == [
        *((line, "row can't be parsed") for line in (3, 4, 5, 6)),
        (7, "no start") if log.quality.rejected_by_reason.get("no start") else (7, "unreadable start"),
    ]
    assert log.to_pandas()["activity"].tolist() == ["Condition: F80.2"] * 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.json", b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Enc', "isn't well-formed JSON"),
        ("b.json", b'{"resourceType": "Bundle"}', "holds no resource that is an event (ServiceRequest, Encounter"),
        ("b.json", b'{"resourceType": "Bundle", "entry": 5}', "holds no resource that is an event"),
        ("b.json", b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Observation"}}]}', "; it has Observation: 1"),
        ("b.json", b'{\n"resourceType": "Encounter"}', "isn't a FHIR bundle (its resourceType is 'Encounter')"),
        ("b.json", b'{"resourceType":\n"Bundle", "entry": ' + b'[{"a":' * 100_000, "nests values too deep"),
        ("b.ndjson", b'{"resourceType": "Encounter"}\n\xff', "isn't in UTF-8"),
        ("b.ndjson", b"<Bundle/>", "holds no resource that is an event"),
        ("b.ndjson.gz", b"no gzip", "isn't packed by gzip"),
        ("b.json", b'{"a": 1}', "begins neither as an OCEL log nor as FHIR resources do"),
        ("b.ndjson", b'{"resourceType": "Encounter", "period": {"start": {"a": 1}}, "subject": 5}', "is rejected"),
    ],
)
def test_a_file_that_is_broken_or_something_else_is_one_line(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert message in refused(tmp_path / name)


def test_lines_are_read_in_pieces_and_one_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lt.read_log(as_lines(RESOURCES, tmp_path)).to_pandas()
    monkeypatch.setattr(streams, "CHUNK", 50)
    assert lt.read_log(as_lines(RESOURCES, tmp_path)).to_pandas().equals(whole)
    monkeypatch.setattr("leadtime.ingest.json_text.LARGEST_PIECE", 100)
    assert "has over 0 million characters on line" in refused(as_lines(RESOURCES, tmp_path))


REFERENCE = st.none() | st.just({"reference": "Patient/p1"}) | st.just({"identifier": {"value": "p1"}}) | st.integers() | st.just([])
DATE = st.sampled_from(["2019", "2019-02", "2019-02-30", "2019-03-05", "2019-03-05T10:00:00Z", "", None, 7, {"a": 1}, "x"])
PERIOD = st.none() | st.fixed_dictionaries({"start": DATE, "end": DATE}) | DATE
ANY = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2), max_leaves=4)
RESOURCE = st.fixed_dictionaries(
    {
        "resourceType": st.sampled_from([*EVENTS, "Patient", "Observation", ""]) | st.none(),
        "subject": REFERENCE, "patient": REFERENCE, "for": REFERENCE, "period": PERIOD, "authoredOn": DATE, "recordedDate": DATE,
        "performedPeriod": PERIOD, "executionPeriod": PERIOD, "status": ANY, "code": ANY, "class": ANY, "basedOn": ANY, "id": ANY,
    }
)  # fmt: skip


@given(st.lists(RESOURCE | ANY, max_size=6))
@settings(max_examples=10)
def test_the_rows_of_any_resources_add_up(resources: list[Any]) -> None:
    """A row is a resource that is an event, or what can't be read as a resource; the last one here is good."""
    with tempfile.TemporaryDirectory() as folder:
        log = lt.read_log(as_lines([*resources, RESOURCES[9]], Path(folder)))
    accounted(log)
    kinds = [resource.get("resourceType") if isinstance(resource, dict) else None for resource in resources]
    assert log.quality.rows_read == 1 + sum(kind in EVENTS or kind is None for kind in kinds)
