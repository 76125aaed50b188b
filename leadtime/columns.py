"""Canonical column names and roles, and the guess of which header plays which role in Swedish, English and XES exports.

A role is what a column means (`case_id`, `start`, `unit`); a header is what the file calls it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from leadtime.errors import InputError, UsageError, did_you_mean

__all__ = [
    "CASE_ROLES",
    "DATE_ROLES",
    "EVENT_ROLES",
    "EXAMPLE_CASES",
    "REQUIRED_ROLES",
    "RESERVED_NAMES",
    "ROLES",
    "Resolution",
    "best_of",
    "count_roles",
    "is_status_date",
    "is_there",
    "joined_headers",
    "normalised",
    "resolve_roles",
    "resolve_some",
    "role_of",
    "squeezed",
]

REQUIRED_ROLES = ("case_id", "activity", "start")
EVENT_ROLES = (
    *REQUIRED_ROLES, "end", "unit", "organisation", "profession", "place", "kind", "referral_id", "referral_status", "referral_to",
    "meeting_id", "attended", "purpose", "level", "initiator", "coordinator", "feedback_to", "participants", "row",
)  # fmt: skip
CASE_ROLES = ("person_id", "birth_date", "sex", "cohort", "site", "route", "exit", "exit_date", "entry_date", "last_observed")
DATE_ROLES = ("birth_date", "exit_date", "entry_date", "last_observed")
ROLES = (*EVENT_ROLES, *CASE_ROLES)

# The case of the example row in a template workbook; such rows are counted as rejected, never as events.
EXAMPLE_CASES = {"en": "EXAMPLE (not counted)", "sv": "EXEMPEL (räknas inte)"}

# Names that the event table makes itself; an attribute of the same name gives way.
RESERVED_NAMES = frozenset(
    (
        "case_id", "activity", "row", "end_given",
        *(f"{role}_{part}" for role in ("start", "end", *DATE_ROLES) for part in ("us", "wall_us", "is_date")),
        *(f"{role}_{bound}_wall_us" for role in ("start", "end", *DATE_ROLES) for bound in ("lower", "upper")),
    )
)  # fmt: skip

# The keys of the XES standard (IEEE 1849) as exporters to CSV write them; they win over guesses.
_XES = {
    "case_id": ("case:concept:name",),
    "activity": ("concept:name",),
    "start": ("start_timestamp",),
    "end": ("time:timestamp",),
    "unit": ("org:group",),
}

# Headers as people write them, in folded form without spaces, hyphens, underscores and full stops. Those after the bar are less
# telling: they count only where none of the first kind is there.
_COMMON = {
    "case_id": """case caseid caseidentifier casenumber caseno casenr casekey traceid processid
        ärende ärendeid ärendenr ärendenummer ärendebeteckning diarienummer diarienr dnr fall fallid fallnr fallnummer löpnummer löpnr
        | id trace pid patient patientid patientnr patientnummer patientnumber patientkod child childid childno barn barnid barnnr barnets
        barnkod barnetsnr barnetsid barnetskod barnnummer kod individ individid individnr deltagare deltagarid studieid studienummer""",
    "activity": """activity activityname activitylabel activities event eventname eventtype händelse händelsenamn händelsetyp aktivitet
        aktivitetsnamn aktivitetstyp
        | encountertype visittype contacttype appointmenttype vårdkontakttyp besökstyp
        task taskname step action åtgärd åtgärder moment steg kontakt kontakttyp kontaktorsak insats processteg vad vadhände vadharhänt""",
    "start": """startdatumtid starttidpunkt startdatetime
        start starttid startdatum starttime startdate starttimestamp startedat started begin begindate begintime date datetime time
        timestamp eventtime eventdate eventtimestamp datum datumtid datumochtid datumtidpunkt tid tidpunkt tidsstämpel händelsedatum
        händelsetid händelsetidpunkt aktivitetsdatum besöksdatum kontaktdatum vårdkontaktdatum encounterdate
        visitdate contactdate appointmentdate fromdate fråndatum startar påbörjad påbörjat påbörjades
        påbörjaddatum
        | from från fr.o.m when när åtgärdsdatum utförddatum utfördatum utförtdatum performeddate""",
    "end": """sluttidpunkt slutdatumtid enddatetime
        end endtime enddate endtimestamp endedat ended stop stoptime stopdate finish finished finishtime finishdate complete completed
        completetimestamp completiontime completiondate slut sluttid slutdatum slutad slutade avslut avslutad avslutat avslutades
        avslutsdatum avslutdatum todate tilldatum
        | till t.o.m tom klar klart klardatum""",
    "unit": """unit unitname careunit orgunit enhet enhetsnamn vårdenhet vårdenheten
        | department ward clinic orggroup enheter mottagning avdelning klinik verksamhet verksamhetsenhet utförandeenhet utförare""",
    "organisation": """organisation organization organisationname organizationname organisationsnamn
        | huvudman vårdgivare provider careprovider arbetsgivare förvaltning""",
    "profession": "profession professions yrke yrken yrkesgrupp yrkeskategori yrkesroll | role befattning personalkategori roll",
    "place": "place plats | platser location venue lokal besöksplats ställe",
    "kind": "kind activitykind aktivitetsslag händelseslag kontaktslag | slag",
    "referral_id": "referralid referralno referralnumber remissid remissnr remissnummer",
    "referral_status": "referralstatus remisstatus remissstatus remissensstatus",
    "referral_to": "referralto referredto remisstill remitteradtill remissmottagare | mottagandeenhet",
    "meeting_id": "meetingid mötesid mötesnr mötesnummer",
    "attended": "attended närvarande närvaro | attendance showedup genomfört genomförd deltog besöksstatus bokningsstatus visitstatus",
    "purpose": "purpose syfte | ändamål",
    "level": "levelofcare carelevel vårdnivå | nivå",
    "initiator": "initiator initiatedby initierare initieradav | initiativtagare",
    "coordinator": "coordinator samordnare | koordinator",
    "feedback_to": "feedbackto återkopplingtill återkoppladtill | feedback återkoppling",
    "participants": "participants deltagande | attendees medverkande",
    "person_id": "personid personkod | person",
    "birth_date": "birthdate dateofbirth dob birthday födelsedatum föddatum | born född",
    "sex": "sex kön | gender",
    "cohort": "cohort kohort | group grupp studiegrupp period",
    "site": "site kommun | municipality ort pilot pilotort försöksort",
    "route": "route väg | ingång ingångsväg",
    "exit": "exit exitreason exitcause avslutsorsak avgångsorsak bortfallsorsak",
    "exit_date": "exitdate avgångsdatum bortfallsdatum",
    "entry_date": "entrydate inträdesdatum | inklusionsdatum",
    "last_observed": "lastobserved lastobserveddate lastobservation observedtill senastobserverad sistobserverad uppföljdtill",
}  # fmt: skip

# What a log of changes of status has. Most tables have a status besides, so it counts only where nothing else is what happened, or when.
_OF_STATUS = {
    "activity": "status statustext statusnamn statusname statustyp statustype statuskod statuscode ärendestatus casestatus",
    "start": "statusdatum statusdatumtid statustid statustidpunkt statusdate statusdatetime statustime statustimestamp",
}

_NOISE = re.compile(r"[\s\-_.\u2010-\u2015]+")
# How a date is to be written, as forms say it behind a heading: (ÅÅÅÅ-MM-DD), (dd/mm/yyyy hh:mm).
_FORM = re.compile(r"\s*[(\[](?=[^)\]]*(?:mm[-/. ]?dd|dd[-/. ]?mm|(?:tt|hh)[:.]mm))[åymdths\s:./-]+[)\]]$")

# The second column of one name, as readers of files call it.
_NUMBERED = re.compile(r"(?P<first>.+) \([2-9]\)")

# From the surest to the least sure; two candidates of one rank are an ambiguity.
_CANONICAL, _STANDARD, _FOLDED, _GUESS, _WEAK = range(5)


@lru_cache(maxsize=8192)
def normalised(header: str) -> str:
    r"""Gives a header in the form in which headers are compared: NFC, no soft hyphens, trimmed, case folded.

    >>> normalised("  psyko\u00adTERAPEUT ") == normalised("Psykoterapeut")
    True
    """
    text = unicodedata.normalize("NFC", header).replace("\u00ad", "").replace("\ufeff", "")
    return unicodedata.normalize("NFC", " ".join(text.split()).casefold())


@lru_cache(maxsize=8192)
def squeezed(header: str) -> str:
    """Gives a header in the form in which common names are looked up: normalised, without spaces, hyphens and full stops.

    >>> squeezed("Kl.")
    'kl'
    """
    return _NOISE.sub("", _FORM.sub("", normalised(header).strip(" :*")))


_GUESSES: Mapping[str, tuple[str, int]] = {
    squeezed(word): (role, rank)
    for role, words in _COMMON.items()
    for rank, part in zip((_GUESS, _WEAK), words.split("|"), strict=False)
    for word in part.split()
}
# Databases write Swedish headers without their dots and rings, as ARENDE_NR.
_PLAIN = str.maketrans("åäöé", "aaoe")
_GUESSES = {**{word.translate(_PLAIN): found for word, found in _GUESSES.items()}, **_GUESSES}
_STATUS_GUESSES: Mapping[str, str] = {
    form: role for role, words in _OF_STATUS.items() for word in words.split() for form in (word, word.translate(_PLAIN))
}
_STANDARDS: Mapping[str, str] = {key: role for role, keys in _XES.items() for key in keys}


@dataclass(frozen=True)
class Resolution:
    """Which header plays which role, and which of them were guessed.

    `how` says of each role whether it was ``given``, ``named`` canonically, ``standard`` (XES) or ``guessed``.
    """

    roles: Mapping[str, str]
    how: Mapping[str, Literal["given", "named", "standard", "guessed"]] = field(default_factory=lambda: MappingProxyType({}))


def _rank(header: str) -> tuple[str, int] | None:
    """The role that a header plays by itself, and how sure that is."""
    if header in ROLES:
        return header, _CANONICAL
    plain = normalised(header)
    if plain in _STANDARDS:
        return _STANDARDS[plain], _STANDARD
    if plain in ROLES:
        return plain, _FOLDED
    return _GUESSES.get(squeezed(header))


def _seconds(headers: Sequence[str]) -> dict[str, tuple[str, int]]:
    """What the headers say that stand twice, where figures hang on which of the two is meant; the second is numbered in reading.

    Where all that an event needs stands twice, the second is another table beside the first, which is told of its rows.
    """
    numbered = {header: found["first"] for header in headers if (found := _NUMBERED.fullmatch(header)) and found["first"] in headers}
    ranks = {header: ranked for header, first in numbered.items() if (ranked := _rank(first))}
    found_twice = {header: ranked for header, ranked in ranks.items() if ranked[0] in (*REQUIRED_ROLES, "end")}
    return {} if {role for role, _ in found_twice.values()} >= set(REQUIRED_ROLES) else found_twice


def role_of(header: str) -> str | None:
    """Gives the role that a header names by itself, none where it names none.

    >>> role_of("Sluttid"), role_of("Note")
    ('end', None)
    """
    ranked = _rank(header)
    return ranked[0] if ranked else None


def is_status_date(header: str) -> bool:
    """Whether a header names the date of a status, which is the time of an event only where nothing else is.

    >>> is_status_date("Status-datum"), is_status_date("Datum")
    (True, False)
    """
    return _STATUS_GUESSES.get(squeezed(header)) == "start"


def best_of(headers: Sequence[str]) -> str | None:
    """Gives the surest of some headers that name one role, none where two are equally sure.

    >>> best_of(["Från", "Datum"])
    'Datum'
    """
    ranks = {header: (_rank(header) or ("", _WEAK))[1] for header in headers if header}
    first = [header for header, rank in ranks.items() if rank == min(ranks.values())]
    return first[0] if len(first) == 1 else None


def parts_of(header: str) -> tuple[str, ...]:
    """Gives the headers that a caller's name of a column stands for: itself, or a day and its clock time written as ``Datum + Tid``."""
    day, plus, clock = header.partition(" + ") if isinstance(header, str) else (header, "", "")
    return (day.strip(), clock.strip()) if plus and day.strip() and clock.strip() else (header,)


def is_there(header: str, keys: Collection[str]) -> bool:
    """Whether a column that the caller names is among some headers, given in the form in which they are compared."""
    return normalised(header) in keys or all(normalised(part) in keys for part in parts_of(header))


def joined_headers(headers: Sequence[str], columns: Mapping[str, str] | None, *, where: str = "the table") -> dict[str, tuple[str, str]]:
    """Gives the columns of days and of clock times that the caller names together for the start or the end.

    Raises:
        InputError: one of them isn't there.

    >>> joined_headers(["Datum", "Tid"], {"start": "datum + tid"})
    {'start': ('Datum', 'Tid')}
    """
    keys = {normalised(header) for header in headers}
    found: dict[str, tuple[str, str]] = {}
    for role in ("start", "end"):
        told = (columns or {}).get(role, "")
        parts = parts_of(told)
        if len(parts) == 2 and normalised(told) not in keys:
            day, clock = (_given(role, part, headers, where) for part in parts)
            found[role] = (day, clock)
    return found


def count_roles(headers: Iterable[str], columns: Mapping[str, str] | None = None, *, of_status: bool = False) -> int:
    """Gives how many of the required roles a row of cells could name, to tell a header row from a title or from data.

    `of_status` counts a status and its date too, which most tables of cases have as well.

    >>> count_roles(["Ärende", "Händelse", "Datum"]), count_roles(["Export 2020", ""])
    (3, 0)
    """
    cells = list(headers)
    found = {ranked[0] for ranked in map(_rank, cells) if ranked}
    if of_status:
        found |= _of_status(cells, found).keys()
    if found >= {"case_id", "activity", "end"}:
        found.add("start")  # where only the completion is kept, it is the time of the event
    keys = {normalised(cell) for cell in cells}
    given = {role for role, header in (columns or {}).items() if is_there(header, keys)}
    return len((found | given) & set(REQUIRED_ROLES))


def resolve_roles(
    headers: Sequence[str], columns: Mapping[str, str] | None = None, *, required: Sequence[str] = REQUIRED_ROLES, where: str = "the table"
) -> Resolution:
    """Gives the header of each role: the given ones first, then canonical names, XES keys and common headers.

    Args:
        headers: the table's headers.
        columns: roles given by the caller, role to header.
        required: roles without which the table can't be read.
        where: what to call the table in an error.

    Returns:
        The roles found; optional roles that nothing plays are absent.

    Raises:
        UsageError: a role in `columns` isn't one.
        InputError: a given header isn't there, a required role isn't found, or two headers claim one role.

    Source:
        DESIGN 3 (columns): compared after NFC, trimming, soft-hyphen removal and case folding; an exact match wins.

    >>> resolution = resolve_roles(["Ärende", "Händelse", "Datum", "Enhet"])
    >>> dict(resolution.roles)
    {'case_id': 'Ärende', 'activity': 'Händelse', 'start': 'Datum', 'unit': 'Enhet'}
    >>> resolve_roles(["Ärende", "Händelse", "Datum", "Tidpunkt"])
    Traceback (most recent call last):
    ...
    leadtime.errors.InputError: 'Datum' and 'Tidpunkt' in the table could each be start; choose with columns={"start": "Datum"} (...
    """
    found = _resolved(headers, columns, where, events="activity" in required)
    for role in required:
        if role not in found.roles:
            raise InputError(_missing(role, headers, where))
    return found


def resolve_some(headers: Sequence[str], columns: Mapping[str, str] | None = None, *, where: str = "the table") -> Resolution:
    """Gives the roles that the headers show, without requiring any; otherwise as `resolve_roles`.

    >>> resolve_some(["Kommun"]).how["site"]
    'guessed'
    """
    return _resolved(headers, columns, where, events=False)


def _resolved(headers: Sequence[str], columns: Mapping[str, str] | None, where: str, *, events: bool) -> Resolution:
    """The role of each header; of a table of events a status and its date too, where nothing else says what happened, or when."""
    given = {role: _given(role, header, headers, where) for role, header in (columns or {}).items()}
    used = set(given.values())
    candidates: dict[str, list[tuple[int, str]]] = {}
    seconds = _seconds(headers) if events else {}
    for header in headers:
        ranked = _rank(header) or seconds.get(header)
        if ranked and header not in used and ranked[0] not in given:
            candidates.setdefault(ranked[0], []).append((ranked[1], header))
    of_status = _of_status([header for header in headers if header not in used], {*given, *candidates}) if events else {}
    if "start" not in given and "start" not in candidates and "end" in candidates and len(of_status) < len(_OF_STATUS):
        candidates["start"] = candidates.pop("end")  # only the completion is kept: it is the event's time
    candidates = {**of_status, **candidates}
    chosen = {role: _choice(role, found, where) for role, found in candidates.items()}
    how: dict[str, Literal["given", "named", "standard", "guessed"]] = dict.fromkeys(given, "given")
    words: tuple[Literal["named", "standard", "guessed"], ...] = ("named", "standard", "named", "guessed", "guessed")
    how.update({role: words[rank] for role, (rank, _) in chosen.items()})
    roles = {**given, **{role: header for role, (_, header) in chosen.items()}}
    return Resolution({role: roles[role] for role in ROLES if role in roles}, {role: how[role] for role in ROLES if role in how})


def _of_status(headers: Sequence[str], taken: Collection[str]) -> dict[str, list[tuple[int, str]]]:
    """The columns of a status and of its date, for the roles that nothing has taken."""
    found: dict[str, list[tuple[int, str]]] = {}
    for header in headers:
        role = _STATUS_GUESSES.get(squeezed(header))
        if role is not None and role not in taken:
            found.setdefault(role, []).append((_WEAK, header))
    return found


def _given(role: str, header: str, headers: Sequence[str], where: str) -> str:
    """The header that the caller names for a role, as the table spells it."""
    if role not in ROLES:
        raise UsageError(f"columns names the role '{role}', which isn't one{did_you_mean(role, ROLES)}")
    if not isinstance(header, str):
        raise UsageError(f"columns gives {header!r} for '{role}'; give the header as text; a day and its clock time as 'Datum + Tid'")
    if header in headers:
        return header
    same = [candidate for candidate in headers if normalised(candidate) == normalised(header)]
    if len(same) == 1:
        return same[0]
    if same:
        shown = " and ".join(f"'{candidate}'" for candidate in same)
        raise InputError(f"{where} has {shown}, which both match columns[\"{role}\"] = '{header}'; give one of them exactly")
    raise InputError(f"no column '{header}' in {where} (columns[\"{role}\"]){did_you_mean(header, headers)}")


def _choice(role: str, found: list[tuple[int, str]], where: str) -> tuple[int, str]:
    """The surest candidate; two of the same rank can't be told apart."""
    best, one = min(found, key=lambda each: each[0])
    first = [header for rank, header in found if rank == best]
    if len(first) > 1:
        shown = ", ".join(f"'{header}'" for header in first[:-1]) + f" and '{first[-1]}'"
        raise InputError(f'{shown} in {where} could each be {role}; choose with columns={{"{role}": "{one}"}} (--column "{role}={one}")')
    return best, one


def _missing(role: str, headers: Sequence[str], where: str) -> str:
    """The error for a required role that no header plays."""
    shown = ", ".join(f"'{header}'" for header in list(headers)[:12]) + (" …" if len(headers) > 12 else "")
    example = {"case_id": "Ärende", "activity": "Händelse", "start": "Datum"}.get(role, "…")
    return (
        f'no {role} column in {where} (its columns: {shown}); name it with columns={{"{role}": "{example}"}} or --column {role}={example}'
    )
