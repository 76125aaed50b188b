"""What of a FHIR R4 resource is the event: its activity, time, unit, referral and patient.

A referral is an event when it was written, a condition when it was recorded (else when it began), a task when it was carried out (else
from when it was asked for until it was decided), and what has a period from its start to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from leadtime.ingest.json_text import whole_characters

__all__ = ["EVENTS", "NAMED", "Row", "event_of", "key_of", "name_of", "origin_of", "patient_of"]

Row = dict[str, str | None]
Resource = Mapping[str, Any]

# Resources that others name as their unit or place.
NAMED = ("Organization", "Location", "HealthcareService", "CareTeam")
_UNITS = ("Organization", "HealthcareService", "CareTeam", None)

# What the status of a task says of the referral that it is about, and which of them end it.
_TASK_STATUS = {"requested": "sent", "received": "received", "accepted": "accepted", "rejected": "refused", "completed": "closed"}
_DECIDED = ("accepted", "rejected", "completed", "cancelled", "failed")
_ATTENDED = {
    "arrived": "yes", "triaged": "yes", "in-progress": "yes", "onleave": "yes", "finished": "yes", "completed": "yes", "cancelled": "no",
    "not-done": "no",
}  # fmt: skip


@dataclass(frozen=True)
class _Form:
    """Where a type of resource has what: paths through its elements, the first that leads to a value counts."""

    what: Sequence[str] = ()
    start: Sequence[str] = ("period.start",)
    end: Sequence[str] = ("period.end",)
    patient: str = "subject"
    unit: Sequence[str] = ()
    place: Sequence[str] = ()
    request: Sequence[str] = ()
    kind: str | None = None


_FORMS = {
    "ServiceRequest": _Form(
        what=("code", "category"), start=("authoredOn", "occurrenceDateTime", "occurrencePeriod.start"), end=(), unit=("requester",),
        kind="referral",
    ),
    "Encounter": _Form(
        what=("type", "serviceType", "class"), unit=("serviceProvider",), place=("location.location",), request=("basedOn",), kind="contact"
    ),
    "EpisodeOfCare": _Form(what=("type",), patient="patient", unit=("managingOrganization",), request=("referralRequest",)),
    "Procedure": _Form(
        what=("code", "category"), start=("performedPeriod.start", "performedDateTime"), end=("performedPeriod.end",),
        unit=("performer.onBehalfOf", "performer.actor"), place=("location",), request=("basedOn",), kind="contact",
    ),
    "Condition": _Form(what=("code",), start=("recordedDate", "onsetDateTime", "onsetPeriod.start"), end=()),
    "CareTeam": _Form(what=("category", "name"), unit=("managingOrganization",)),
    "Task": _Form(
        what=("code",), start=("executionPeriod.start", "authoredOn", "lastModified"), end=("executionPeriod.end",), patient="for",
        unit=("owner",), request=("focus", "basedOn"),
    ),
}  # fmt: skip

EVENTS = tuple(_FORMS)


def event_of(resource: Resource) -> Row:
    """Gives the event that a resource is, with the keys of what it refers to.

    >>> event = event_of({"resourceType": "Encounter", "class": {"code": "AMB"}, "subject": {"reference": "Patient/p1"},
    ...     "period": {"start": "2019-03"}, "serviceProvider": {"display": "BUP"}})
    >>> [event[key] for key in ("activity", "start", "end", "unit", "patient")]
    ['Encounter: AMB', '2019-03', None, 'BUP', 'Patient/p1']
    """
    kind = str(resource["resourceType"])
    form = _FORMS[kind]
    what = _first(_said(value) for path in form.what for value in _values(resource, path))
    status = _status(resource)
    row: Row = {
        "activity": kind if what is None else f"{kind}: {what}", "start": _text(resource, form.start), "end": _text(resource, form.end),
        "kind": form.kind, "resource": kind, "resource_id": _text(resource, ("id",)), "status": status, "code": _code(resource, form.what),
        "patient": _first(_key(value, ("Patient", None)) for value in _values(resource, form.patient)),
        "attended": _ATTENDED.get(status or "") if form.kind == "contact" else None,
    }  # fmt: skip
    row["unit_ref"], row["unit"] = _referred(resource, form.unit, _UNITS)
    row["place_ref"], row["place"] = _referred(resource, form.place, ("Location", None))
    row["request"], _ = _referred(resource, form.request, ("ServiceRequest", None))
    return row | {"ServiceRequest": _of_request, "Task": _of_task}.get(kind, _nothing)(resource, row)


def _nothing(resource: Resource, row: Row) -> Row:
    return {}


def _of_request(resource: Resource, row: Row) -> Row:
    """A referral is its own, and an event when it was sent, whatever became of it since."""
    reference, said = _referred(resource, ("performer",), _UNITS)
    sent = None if row["status"] in ("draft", "entered-in-error") else "sent"
    return {"referral_status": sent, "to_ref": reference, "referral_to": said}


def _of_task(resource: Resource, row: Row) -> Row:
    """A task about a referral is a step of it; one that was decided ends then at the latest."""
    decided = row["status"] in _DECIDED and row["end"] is None
    end = _text(resource, ("lastModified",)) if decided else row["end"]
    if row["request"] is None:
        return {"end": end, "kind": "admin"}
    return {"end": end, "referral_status": _TASK_STATUS.get(row["status"] or "")}


def origin_of(resource: Resource) -> str | None:
    """Gives the key of the referral that a referral was made because of, or in the place of."""
    return _referred(resource, ("basedOn", "replaces"), ("ServiceRequest", None))[0]


def patient_of(resource: Resource) -> Row:
    """Gives what is read of a patient: key, birth date and gender."""
    return {"patient": key_of(resource), "birth_date": _text(resource, ("birthDate",)), "sex": _text(resource, ("gender",))}


def name_of(resource: Resource) -> str | None:
    """Gives the name of an organisation, a place or a team."""
    return _text(resource, ("name",))


def key_of(resource: Resource) -> str | None:
    """Gives the key by which others refer to a resource."""
    own = _text(resource, ("id",))
    return None if own is None else f"{resource['resourceType']}/{own}"


def _values(resource: Resource, path: str) -> list[Any]:
    """The values at the end of a path, of each item where there are lists on the way."""
    found: list[Any] = [resource]
    for name in _steps(path):
        inner: list[Any] = []
        for value in found:
            item = value.get(name) if isinstance(value, dict) else None
            if isinstance(item, list):
                inner += (one for one in item if one is not None)
            elif item is not None:
                inner.append(item)
        if not inner:
            return inner
        found = inner
    return found


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _first(texts: Iterable[str | None]) -> str | None:
    return next((text for text in texts if text), None)


def _text(resource: Resource, paths: Sequence[str]) -> str | None:
    """The first text at the end of some paths."""
    for path in paths:
        for value in _values(resource, path):
            text = _plain(value)
            if text:
                return text
    return None


def _plain(value: Any) -> str | None:
    return whole_characters(str(value)).strip() if isinstance(value, str) else None


def _said(value: Any) -> str | None:
    """What a concept, a coding or a text says: its text, else a display, else a code."""
    if not isinstance(value, dict):
        return _plain(value)
    return _text(value, ("text", "coding.display", "display", "coding.code", "code"))


def _code(resource: Resource, paths: Sequence[str]) -> str | None:
    """The code of the concept that names the activity."""
    found = (value for path in paths for value in _values(resource, path))
    return _first(_text(value, ("coding.code", "code")) for value in found if isinstance(value, dict))


def _status(resource: Resource) -> str | None:
    """The status; of a condition whether it was entered in error, else its clinical status."""
    verified = _text(resource, ("verificationStatus.coding.code",))
    return verified if verified == "entered-in-error" else _text(resource, ("status", "clinicalStatus.coding.code"))


def _referred(resource: Resource, paths: Sequence[str], types: Sequence[str | None]) -> tuple[str | None, str | None]:
    """The key of the first reference to one of some types, and the text beside it."""
    for path in paths:
        for value in _values(resource, path):
            key = _key(value, types)
            # What is only said in words may be a person, unless the standard allows no person there.
            said = _text(value, ("display",)) if isinstance(value, dict) and (key or path in _NEVER_PERSONS) else None
            if key or said:
                return key, said
    return None, None


_NEVER_PERSONS = ("serviceProvider", "managingOrganization", "performer.onBehalfOf", "location.location", "location")


def _key(value: Any, types: Sequence[str | None]) -> str | None:
    """The key of a reference to one of some types: type and id, else its address, else the identifier of what is meant."""
    if not isinstance(value, dict):
        return None
    address = _text(value, ("reference",)) or ""
    parts = address.split("/_history/")[0].split("/")
    typed = len(parts) > 1 and parts[-2].isalpha() and parts[-1]
    kind = parts[-2] if typed else _text(value, ("type",))
    if kind not in types or address.startswith("#"):
        return None
    if typed:
        return "/".join(parts[-2:])
    return address or _text(value, ("identifier.value",))
