"""Columns: which header plays which role, when that is told, and when it must be asked."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadtime.columns import ROLES, normalised, resolve_roles, resolve_some
from leadtime.errors import InputError, UsageError


@pytest.mark.parametrize(
    ("headers", "roles"),
    [
        (["Ärende", "Händelse", "Datum"], {"case_id": "Ärende", "activity": "Händelse", "start": "Datum"}),
        (["Ärende-id", "Aktivitet", "Tidpunkt"], {"case_id": "Ärende-id", "activity": "Aktivitet", "start": "Tidpunkt"}),
        (["ÄrendeID", "Händelse", "Starttid", "Sluttid"], {"case_id": "ÄrendeID", "start": "Starttid", "end": "Sluttid"}),
        (["Barn", "Händelse", "Startdatum", "Slutdatum", "Vårdenhet"], {"case_id": "Barn", "end": "Slutdatum", "unit": "Vårdenhet"}),
        (["Löpnummer", "Händelse", "Datum", "Enhet", "Kön"], {"case_id": "Löpnummer", "unit": "Enhet", "sex": "Kön"}),
        (
            ["Kohort", "Plats", "Födelsedatum", "Kommun"],
            {"cohort": "Kohort", "place": "Plats", "birth_date": "Födelsedatum", "site": "Kommun"},
        ),
        (["Case ID", "Activity", "Complete Timestamp"], {"case_id": "Case ID", "activity": "Activity", "start": "Complete Timestamp"}),
        (["Case ID", "Activity", "Start Timestamp", "Complete Timestamp"], {"start": "Start Timestamp", "end": "Complete Timestamp"}),
        (
            ["Ärendenr*", "Händelse:", "Datum (ÅÅÅÅ-MM-DD)"],
            {"case_id": "Ärendenr*", "activity": "Händelse:", "start": "Datum (ÅÅÅÅ-MM-DD)"},
        ),
        (["Start [dd/mm/yyyy hh:mm]", "Slut (planerat)"], {"start": "Start [dd/mm/yyyy hh:mm]", "end": None}),
        (
            ["ARENDE_NR", "HANDELSE", "START_DATUM", "SLUT_DATUM", "VARDENHET", "KON", "FODELSEDATUM"],
            {"case_id": "ARENDE_NR", "activity": "HANDELSE", "end": "SLUT_DATUM", "unit": "VARDENHET", "sex": "KON"},
        ),
        (["CaseId", "Activity", "StartDateTime", "EndDateTime"], {"start": "StartDateTime", "end": "EndDateTime"}),
        (["Patient", "Åtgärd", "Åtgärdsdatum"], {"activity": "Åtgärd", "start": "Åtgärdsdatum"}),
        (["Ärende", "case:id", "Händelse", "Datum"], {"case_id": "Ärende"}),  # a colon within is a part of the name
        (["Pid", "Vårdkontakttyp", "Kontaktdatum"], {"case_id": "Pid", "activity": "Vårdkontakttyp", "start": "Kontaktdatum"}),
        (["PatientID", "EncounterType", "EncounterDate"], {"case_id": "PatientID", "activity": "EncounterType", "start": "EncounterDate"}),
        (["case_id", "activity", "start", "end", "unit"], {"case_id": "case_id", "end": "end", "unit": "unit"}),
    ],
)
def test_common_headers_are_known(headers: list[str], roles: dict[str, str | None]) -> None:
    found = resolve_some(headers).roles
    assert {role: found.get(role) for role in roles} == roles


@pytest.mark.parametrize(
    ("headers", "roles"),
    [
        (["Ärende", "Status", "Statusdatum"], {"activity": "Status", "start": "Statusdatum"}),
        (["CaseId", "Status", "Status date", "Finish"], {"activity": "Status", "start": "Status date", "end": "Finish"}),
        (["Ärende", "Ärendestatus", "Datum", "Statusdatum"], {"activity": "Ärendestatus", "start": "Datum"}),
        (["Ärende", "Händelse", "Status", "Statusdatum"], {"activity": "Händelse", "start": "Statusdatum"}),
        (["Ärende", "Händelse", "Status", "Statusdatum", "Slutdatum"], {"activity": "Händelse", "start": "Slutdatum", "end": None}),
        (["Ärende", "Vad", "Status", "Datum"], {"activity": "Vad", "start": "Datum"}),
    ],
)
def test_a_status_and_its_date_are_what_happened_and_when_only_where_nothing_else_is(headers: list[str], roles: dict[str, str]) -> None:
    found = resolve_roles(headers)
    assert {role: found.roles.get(role) for role in roles} == roles
    assert {found.how[role] for role in ("activity", "start")} == {"guessed"}


def test_two_columns_of_status_are_an_error_and_a_given_role_leaves_status_alone() -> None:
    with pytest.raises(InputError, match="'Status' and 'Ärendestatus' in the table could each be activity"):
        resolve_roles(["Ärende", "Status", "Ärendestatus", "Statusdatum"])
    found = resolve_roles(["Ärende", "Not", "Status", "Statusdatum"], {"activity": "Not"}).roles
    assert (found["activity"], found["start"]) == ("Not", "Statusdatum")
    assert resolve_roles(["Ärende", "Status", "Ärendestatus"], required=["case_id"]).roles == {"case_id": "Ärende"}  # a table of cases


def test_xes_keys_win_over_guesses_and_mean_start_and_end() -> None:
    headers = ["concept:name", "Activity", "org:resource", "org:group", "Enhet", "start_timestamp", "time:timestamp", "case:concept:name"]
    found = resolve_roles(headers)
    assert dict(found.roles) == {
        "case_id": "case:concept:name",
        "activity": "concept:name",
        "start": "start_timestamp",
        "end": "time:timestamp",
        "unit": "org:group",
    }
    assert set(found.how.values()) == {"standard"}


def test_a_lone_xes_timestamp_is_the_start() -> None:
    found = resolve_roles(["case:concept:name", "concept:name", "time:timestamp"])
    assert found.roles["start"] == "time:timestamp"
    assert "end" not in found.roles


def test_given_roles_win_and_take_their_header_from_the_guesses() -> None:
    found = resolve_roles(["Ärende", "Händelse", "Datum", "Tidpunkt"], {"start": "Tidpunkt"})
    assert found.roles["start"] == "Tidpunkt"
    assert found.how["start"] == "given"
    assert found.how["case_id"] == "guessed"


def test_two_candidates_of_one_rank_are_an_error_that_lists_them() -> None:
    with pytest.raises(InputError, match=r"'Datum' and 'Tidpunkt' .* each be start; choose with columns="):
        resolve_roles(["Ärende", "Händelse", "Datum", "Tidpunkt"])


def test_a_less_telling_header_gives_way_to_a_telling_one() -> None:
    assert resolve_some(["Patient", "Ärende"]).roles["case_id"] == "Ärende"
    assert resolve_some(["Patient"]).roles["case_id"] == "Patient"


@pytest.mark.parametrize(
    ("columns", "message", "kind"),
    [
        ({"case": "Ärende"}, "columns names the role 'case', which isn't one; did you mean 'case_id'", UsageError),
        ({"activity": "Handelse"}, "no column 'Handelse' in the table .*did you mean 'Händelse'", InputError),
        ({"start": 3}, "columns gives 3 for 'start'", UsageError),
    ],
)
def test_a_wrong_choice_names_the_fix(columns: dict[str, str], message: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=message):
        resolve_roles(["Ärende", "Händelse", "Datum"], columns)


def test_a_missing_role_names_the_columns_there_are() -> None:
    with pytest.raises(InputError, match=r"no activity column in the table \(its columns: 'Ärende', 'Datum'\); name it with columns="):
        resolve_roles(["Ärende", "Datum"])


def test_an_exact_header_wins_over_one_that_folds_alike() -> None:
    headers = ["händelse", "Händelse", "Ärende", "Datum"]
    assert resolve_roles(headers, {"activity": "Händelse"}).roles["activity"] == "Händelse"
    with pytest.raises(InputError, match="both match"):
        resolve_roles(headers, {"activity": "HÄNDELSE"})


@given(st.sampled_from(["Ärende", "Händelse", "Tidpunkt", "Vårdenhet", "Kön"]), st.sampled_from(["NFC", "NFD"]), st.integers(0, 3))
def test_case_spaces_soft_hyphens_and_unicode_form_make_no_difference(header: str, form: str, place: int) -> None:
    written = header[:place] + "\u00ad" + header[place:]
    written = f"  {unicodedata.normalize(form, written).upper()} "
    assert normalised(written) == normalised(header)
    assert list(resolve_some([written]).roles) == list(resolve_some([header]).roles)


@given(st.lists(st.text(max_size=8), max_size=6, unique=True))
def test_any_headers_give_roles_among_them_or_an_error(headers: list[str]) -> None:
    try:
        found = resolve_some(headers)
    except InputError:
        return
    assert set(found.roles) <= set(ROLES)
    assert set(found.roles.values()) <= set(headers)
    assert len(set(found.roles.values())) == len(found.roles)


def test_a_header_that_stands_twice_is_an_ambiguity_where_all_figures_hang_on_it() -> None:
    with pytest.raises(InputError, match=r"'Datum' and 'Datum \(2\)' in the table could each be start"):
        resolve_roles(["Ärende", "Händelse", "Datum", "Datum (2)"])
    chosen = resolve_roles(["Ärende", "Händelse", "Datum", "Datum (2)"], {"start": "Datum (2)"})
    assert chosen.roles["start"] == "Datum (2)"
    beside = ["Ärende", "Händelse", "Datum", "Ärende (2)", "Händelse (2)", "Datum (2)"]
    assert resolve_roles(beside).roles["start"] == "Datum"
    assert resolve_roles(["Ärende", "Händelse", "Datum", "Enhet", "Enhet (2)"]).roles["unit"] == "Enhet"
