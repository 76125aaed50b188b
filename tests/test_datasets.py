"""The synthetic study keeps what it promises; medians and facts are recomputed here from its files, by other code than the library's."""

from __future__ import annotations

import csv
import io
import re
import tomllib
import zipfile
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from leadtime.datasets import SyntheticStudy, mark_svenljunga, write_sample
from leadtime.datasets.__main__ import main
from leadtime.datasets.draws import Draws
from leadtime.datasets.files import sample_files
from leadtime.datasets.journal import open_day
from leadtime.errors import UsageError
from leadtime.pathway import read_pathway

COMMITTED = Path(__file__).parent.parent / "data_samples" / "mark_svenljunga"
UNTIL = date(2020, 12, 31)
MONTHS = ["januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"]


@pytest.fixture(scope="module")
def study() -> SyntheticStudy:
    return mark_svenljunga()


@pytest.fixture(scope="module")
def files(study: SyntheticStudy) -> dict[str, bytes]:
    return sample_files(study)


@pytest.fixture(scope="module")
def book(files: dict[str, bytes]) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(files["events_messy.xlsx"]), read_only=True)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))


def durations(rows: list[dict[str, str]], until: dict[str, date]) -> dict[str, dict[str, tuple[int, str]]]:
    """Days and status of each case by cohort; rows in any order."""
    cases: dict[str, list[tuple[date, str, str]]] = {}
    for row in rows:
        cases.setdefault(row["Ärende"], []).append((date.fromisoformat(row["Datum"]), row["Händelse"], row["Kohort"]))
    found: dict[str, dict[str, tuple[int, str]]] = {"before": {}, "after": {}}
    for case, events in cases.items():
        start = min(day for day, name, _ in events if name == "Upptäckt")
        stops = [day for day, name, _ in events if name in ("Diagnos", "Insats") and day >= start]
        exits = [day for day, name, _ in events if name in ("Flyttat", "Tackat nej")]
        cohort = events[0][2]
        ends = [(day, 0, "stopped") for day in stops] + [(day, 1, "left") for day in exits] + [(until[cohort], 2, "still waiting")]
        day, _, status = min(ends)
        found[cohort][case] = ((day - start).days, status)
    return found


def median(times: list[tuple[int, str]]) -> int | None:
    """Product-limit median of whole days, in fractions of integers through floats only at the end."""
    alive = 1.0
    for day in sorted({days for days, status in times if status == "stopped"}):
        at_risk = sum(days >= day for days, _ in times)
        alive *= 1 - sum(days == day and status == "stopped" for days, status in times) / at_risk
        if alive <= 0.5:
            return day
    return None


def medians(rows: list[dict[str, str]], until: dict[str, date] | None = None) -> dict[str, int | None]:
    found = durations(rows, until or {"before": UNTIL, "after": UNTIL})
    return {cohort: median(list(times.values())) for cohort, times in found.items()}


def test_medians_read_as_the_headline(files):
    found = medians(rows_of(files["events.csv"]))
    assert 799 <= found["before"] <= 814
    assert 251 <= found["after"] <= 266
    in_half_months = {cohort: int(days / 30.4375 * 2 + 0.5) / 2 for cohort, days in found.items()}
    assert in_half_months == {"before": 26.5, "after": 8.5}


def test_the_file_holds_no_answer_but_its_events(files):
    rows = rows_of(files["events.csv"])
    original = medians(rows)
    shifted = [
        {**row, "Datum": (date.fromisoformat(row["Datum"]) + timedelta(days=45)).isoformat()}
        if row["Kohort"] == "after" and row["Händelse"] != "Upptäckt"
        else row
        for row in rows
    ]
    moved = medians(shifted, {"before": UNTIL, "after": UNTIL + timedelta(days=45)})
    assert moved == {"before": original["before"], "after": original["after"] + 45}


def test_shifting_only_the_stops_moves_the_median_with_them(files):
    rows = rows_of(files["events.csv"])
    later = [
        {**row, "Datum": (date.fromisoformat(row["Datum"]) + timedelta(days=60)).isoformat()}
        if row["Kohort"] == "after" and row["Händelse"] in ("Diagnos", "Insats")
        else row
        for row in rows
    ]
    # What is pushed past the end of observation is a child still waiting; the median moves by about as much.
    assert 45 <= medians(later)["after"] - medians(rows)["after"] <= 75


def test_known_facts_are_those_of_the_events(study, files):
    found = durations(rows_of(files["events.csv"]), {"before": UNTIL, "after": UNTIL})
    for cohort, size in (("before", 96), ("after", 84)):
        facts, times = study.known.cohorts[cohort], found[cohort]
        statuses = Counter(status for _, status in times.values())
        assert facts.children == len(times) == size
        assert (facts.stopped, facts.open, facts.left) == (statuses["stopped"], statuses["still waiting"], statuses["left"])
        for case, (days, status) in times.items():
            fact = study.known.children[case]
            assert ((fact.ended - fact.started).days, fact.status) == (days, status)
    assert study.known.events == len(study.events)
    assert sum(study.known.exits.values()) == sum(facts.left for facts in study.known.cohorts.values())


def test_each_cohort_has_unfinished_children_and_leavers_and_the_first_has_straddlers(study):
    before, after = study.known.cohorts["before"], study.known.cohorts["after"]
    assert min(before.open, after.open) >= 2
    assert min(before.left, after.left) >= 2
    crossing = [fact for fact in study.known.children.values() if fact.started < date(2018, 1, 1) <= fact.ended]
    assert before.straddlers == len(crossing) > 10
    assert after.straddlers == 0
    assert before.team == 0 < after.ordinary < after.team
    assert min(study.known.exits.values()) > 0


def test_cohorts_are_those_of_the_break_date(study):
    starts = study.events.loc[study.events["activity"] == "Upptäckt"]
    assert starts["case_id"].is_unique
    assert ((starts["start"] >= "2018-01-01") == (starts["cohort"] == "after")).all()
    assert study.events["start"].max() <= pd.Timestamp(UNTIL)
    assert (study.events["start"].dt.normalize() == study.events["start"]).all()
    assert not study.events.merge(starts, on="case_id").eval("start_x < start_y").any()


def test_children_are_under_six_at_detection_and_alike_in_both_cohorts(study):
    starts = study.events.loc[study.events["activity"] == "Upptäckt"]
    years = (starts["start"] - starts["birth_date"]).dt.days / 365.25
    assert years.between(0.3, 6, inclusive="left").all()
    mean = years.groupby(starts["cohort"]).mean()
    assert abs(mean["before"] - mean["after"]) < 0.5


def test_finished_children_have_a_plausible_number_of_contacts(study):
    contacts = pd.Series([fact.recorded.contacts for fact in study.known.children.values() if fact.status == "stopped"])
    low, high = contacts.quantile([0.1, 0.95])
    assert 8 <= low <= high <= 28
    assert contacts.max() <= 28


def test_wastes_put_in_are_those_in_the_rows(study):
    frame = study.events
    per_child = frame.groupby("case_id")
    facts = {
        name: pd.Series({case: getattr(fact.recorded, name) for case, fact in study.known.children.items()})
        for name in (
            "bounced_referrals",
            "retold_histories",
            "places",
            "referrals",
            "joint_meetings",
            "contacts",
            "missed_visits",
            "forms",
        )
    }
    attended = frame.loc[frame["attended"] == "yes"].copy()
    attended["visit"] = attended["meeting_id"].fillna(pd.Series(attended.index, attended.index).astype(str))
    histories = attended.loc[attended["purpose"] == "history"].groupby("case_id")["visit"].nunique()
    expected = {
        "bounced_referrals": frame["referral_status"].isin(["returned", "refused", "forwarded"]).groupby(frame["case_id"]).sum(),
        "retold_histories": histories.reindex(facts["places"].index, fill_value=0),
        "places": attended.groupby("case_id")["place"].nunique(),
        "contacts": attended.groupby("case_id")["visit"].nunique(),
        "referrals": per_child["referral_id"].nunique(),
        "joint_meetings": per_child["meeting_id"].nunique(),
        "missed_visits": (frame["attended"] == "no").groupby(frame["case_id"]).sum(),
        "forms": (frame["activity"] == "Formulär").groupby(frame["case_id"]).sum(),
    }
    for name, wanted in expected.items():
        assert (facts[name] == wanted.reindex(facts[name].index, fill_value=0)).all(), name


def test_a_history_is_told_at_the_first_contact_with_each_new_unit_and_never_else(study):
    for _, rows in study.events.loc[study.events["attended"] == "yes"].groupby("case_id"):
        met: set[str] = set()
        for _, visit in rows.groupby(rows["meeting_id"].fillna(pd.Series(rows.index, rows.index).astype(str)), sort=False):
            new = set(visit["unit"]) - met
            assert (set(visit["purpose"]) == {"history"}) == bool(new and met)
            met |= set(visit["unit"])


def test_the_process_before_has_more_of_each_waste(study):
    mean = pd.DataFrame([{"cohort": fact.cohort, **vars(fact.recorded)} for fact in study.known.children.values()])
    before, after = (mean.loc[mean["cohort"] == cohort].mean(numeric_only=True) for cohort in ("before", "after"))
    for name in ("referrals", "bounced_referrals", "retold_histories", "places", "forms"):
        assert before[name] > after[name], name
    assert before["joint_meetings"] == 0 < after["joint_meetings"]
    assert all(vars(fact.in_window)[name] <= count for fact in study.known.children.values() for name, count in vars(fact.recorded).items())


def test_a_joint_meeting_is_one_day_and_place_with_several_units(study):
    meetings = study.events.dropna(subset=["meeting_id"]).groupby("meeting_id")
    counted = meetings[["case_id", "start", "place", "unit"]].nunique()
    assert (counted[["case_id", "start", "place"]] == 1).all(axis=None)
    assert (counted["unit"] >= 2).all()


def test_a_referral_is_sent_first_and_decided_after_it_is_received(study):
    for _, steps in study.events.dropna(subset=["referral_id"]).groupby("referral_id"):
        statuses = list(steps["referral_status"])
        assert statuses[0] == "sent"
        assert steps["start"].is_monotonic_increasing
        decided = [at for at, status in enumerate(statuses) if status in ("accepted", "returned", "refused", "forwarded", "closed")]
        assert all("received" in statuses[:at] for at in decided)


def test_same_seed_same_study_and_another_seed_another():
    small = {"before": 5, "after": 5}
    first, again, other = (mark_svenljunga(seed=seed, **small) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first.events, again.events)
    assert first.known == again.known
    assert not first.events.equals(other.events)


def test_without_a_team_there_is_no_change_put_in():
    study = mark_svenljunga(team_share=0, before=10, after=10)
    assert study.known.cohorts["after"].team == 0
    assert set(study.events["route"]) == {"ordinary"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"before": 0},
        {"after": 0},
        {"team_share": 1.5},
        {"ordinary_pace": 0},
        {"team_pace": -1},
        {"observed_until": date(2019, 1, 1)},
    ],
)
def test_a_value_out_of_range_is_named(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        mark_svenljunga(**wrong)


def test_draws_come_from_uniform_numbers_alone():
    # Committed figures: a numpy that draws otherwise would change every sample.
    draws = Draws(0)
    assert [draws.whole(0, 999) for _ in range(3)] == [636, 269, 40]
    assert draws.skewed_days(100, 0.5) == 34  # the fourth uniform number is 0.0165, 2.13 deviations low
    assert draws.pick("abc", (0.1, 0.1, 0.8)) == "c"
    assert sorted(draws.order(4)) == [0, 1, 2, 3]


def test_closed_days_hold_no_event(study):
    days = study.events["start"].dt
    assert not (days.day_of_week >= 5).any()
    assert not (days.month == 7).any()
    assert not ((days.month == 12) & (days.day >= 23) | (days.month == 1) & (days.day <= 6)).any()


def test_an_open_day_stays_and_a_closed_one_moves_on():
    for day in range(date(2014, 1, 1).toordinal(), date(2021, 1, 1).toordinal()):
        moved = open_day(day)
        assert moved == open_day(moved) >= day
    assert open_day(date(2018, 6, 30).toordinal()) == date(2018, 8, 2).toordinal()


def test_every_row_says_synthetic_and_names_nobody(study, files):
    assert set(study.events["note"]) == {"syntetiska data"}
    assert study.events["case_id"].str.fullmatch(r"MS\d{3}").all()
    assert set(study.events["profession"].dropna()) <= {
        "sjuksköterska",
        "förskollärare",
        "specialpedagog",
        "logoped",
        "psykolog",
        "läkare",
        "konsult",
        "fysioterapeut",
        "samordnare",
        "administratör",
    }
    assert set(study.events["coordinator"].dropna()) == {"teamsamordnare"}
    assert not re.search(r"\b(\d{6}|\d{8})[-+]?\d{4}\b", files["events.csv"].decode())
    assert b"SYNTETISKA" in files["README.md"]
    assert b"SYNTETISKA" in files["pathway.toml"]


def test_the_pathway_fits_the_events(study, tmp_path):
    path = tmp_path / "pathway.toml"
    path.write_text(study.pathway_toml, encoding="utf-8")
    pathway = read_pathway(path)
    declared = tomllib.loads(study.pathway_toml)
    assert pathway.unknown_activities(study.events["activity"].unique()) == ()
    assert set(declared["activities"]) == set(study.events["activity"])
    assert (declared["start"], declared["stop"]) == ("detection", ["diagnosis", "intervention"])
    assert declared["log"] == {"timezone": "Europe/Stockholm", "observed_until": "2020-12-31"}
    assert declared["comparison"] == {"by": "cohort", "before": "before", "after": "after"}


@pytest.fixture(scope="module")
def messy(book: openpyxl.Workbook) -> dict[str, list[tuple[int, dict[str, object]]]]:
    return read_messy(book)


def read_messy(book: openpyxl.Workbook) -> dict[str, list[tuple[int, dict[str, object]]]]:
    """The rows of each unit's sheet with their numbers, under clean headers."""
    found: dict[str, list[tuple[int, dict[str, object]]]] = {}
    for sheet in book.worksheets[1:]:
        rows = [[cell for cell in row] for row in sheet.iter_rows(values_only=True)]
        at = next(i for i, row in enumerate(rows) if "ärende" in {str(cell).strip().casefold() for cell in row})
        header = [str(cell).strip().capitalize() for cell in rows[at] if cell is not None]
        found[sheet.title] = [(i + 1, dict(zip(header, row, strict=False))) for i, row in enumerate(rows) if i > at]
    return found


def as_date(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.date().isoformat()
    text = str(value)
    if re.fullmatch(r"\d{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return text
    if found := re.fullmatch(r"(\d+)/(\d+) (\d{4})", text):
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    if found := re.fullmatch(r"(\d+) (\w+) (\d{4})", text):
        return date(int(found[3]), MONTHS.index(found[2]) + 1, int(found[1])).isoformat()
    return None


def test_the_messy_workbook_holds_the_same_events_and_the_listed_bad_rows(study, files, messy):
    clean = rows_of(files["events.csv"])
    header = {name.capitalize(): name for name in clean[0]}
    wanted = Counter(tuple(sorted((header[name.capitalize()], value) for name, value in row.items() if value)) for row in clean)
    bad = {(row.sheet, row.row_number): row for row in study.known.bad_rows}
    kept: Counter[tuple[tuple[str, str], ...]] = Counter()
    for sheet, rows in messy.items():
        for number, row in rows:
            day = as_date(row["Datum"])
            usable = bool(row["Ärende"]) and bool(row["Händelse"]) and day is not None
            assert usable == ((sheet, number) not in bad), (sheet, number)
            if usable:
                cells = {**row, "Datum": day, "Födelsedatum": as_date(row["Födelsedatum"]), "Enhet": sheet}
                kept[tuple(sorted((header[name], str(value).strip()) for name, value in cells.items() if value is not None))] += 1
    assert set(kept) == set(wanted)
    assert sum((kept - wanted).values()) == study.known.duplicate_rows > 0
    assert sum((wanted - kept).values()) == 0
    assert Counter(row.reason for row in bad.values()) == {
        "missing case id": 3,
        "unreadable date": 3,
        "missing activity": 2,
        "missing date": 1,
    }


def test_the_messy_workbook_is_messy(book, messy):
    assert book.sheetnames[0] == "Läs mig"
    sheets = book.worksheets[1:]
    tops = [[list(row) for row in sheet.iter_rows(max_row=8, values_only=True)] for sheet in sheets]
    assert all("SYNTETISKA DATA" in str(top[0][0]) for top in tops)
    at = [next(i for i, row in enumerate(top) if "ärende" in {str(cell).strip().casefold() for cell in row}) for top in tops]
    assert len(set(at)) > 1
    headers = [tuple(str(cell) for cell in top[i] if cell is not None) for top, i in zip(tops, at, strict=True)]
    assert len(set(headers)) == len(headers)
    assert any(cell != cell.strip() for header in headers for cell in header)
    assert any(cell.isupper() for header in headers for cell in header)
    assert all("enhet" not in {cell.strip().casefold() for cell in header} for header in headers)
    starts = [value for sheet in messy.values() for _, row in sheet if (value := row["Datum"]) is not None]
    spellings = {type(value).__name__ if isinstance(value, datetime) else re.sub(r"\w", "x", str(value)[:5]) for value in starts}
    assert len(spellings) >= 4


def test_every_sheet_with_slashed_dates_shows_that_the_day_comes_first(messy):
    for sheet, rows in messy.items():
        slashed = [str(row["Datum"]) for _, row in rows if "/" in str(row["Datum"])]
        assert not slashed or any(int(text.split("/")[0]) > 12 for text in slashed), sheet


def test_committed_files_are_those_that_a_rebuild_gives(files):
    assert {path.name for path in COMMITTED.iterdir()} == set(files)
    for name, content in files.items():
        committed = (COMMITTED / name).read_bytes()
        if name.endswith(".xlsx"):
            assert parts(committed) == parts(content)  # the compression is left to the machine's zlib
        else:
            assert committed == content, name


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.slow
def test_a_rebuild_by_command_gives_the_same_bytes(files, tmp_path, capsys):
    assert main([str(tmp_path)]) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "mark_svenljunga").iterdir()} == files
    assert "events.csv" in capsys.readouterr().out
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_a_small_study_is_written_too(tmp_path):
    paths = write_sample(tmp_path / "new" / "folder", study=mark_svenljunga(before=1, after=1))
    assert [path.name for path in paths] == ["README.md", "events.csv", "events_messy.xlsx", "pathway.toml"]
    assert all(path.stat().st_size for path in paths)
