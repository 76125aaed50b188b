"""A pseudonymised log gives the same durations and names nobody; its key is in nothing that is written."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import leadtime as lt
from leadtime.cli import main
from leadtime.errors import DisclosureError, InputError, UsageError
from leadtime.privacy import PseudonymKey, pseudonyms

DAY_US = 86_400_000_000
ROOT = Path(__file__).resolve().parents[1]
SECRET = "Zk3+Xw/9abcdefghijklmnopqrstuvwxyzABCDEFGhqQ"  # noqa: S105 - made up for the tests
KEY = PseudonymKey(SECRET.encode())
PATHWAY = lt.read_pathway(
    {"name": "Small", "start": "detection", "stop": "diagnosis", "exits": {"moved": {"activities": ["Moved"]}},
     "milestones": {"detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}}
)  # fmt: skip
ROWS = [
    ("Anna", "Detected", "2019-03-30 10:00", "R1", "p1", "2017-01-01", "Norr"),
    ("Anna", "Diagnosis", "2019-04-02 09:00", "R1", "p1", "2017-01-01", "Norr"),
    ("Bo", "Detected", "2019-05-01", "R1", "p1", "2017-01-01", "Syd"),
    ("Bo", "Diagnosis", "2019-05-08 23:50", None, "p1", "2017-01-01", "Syd"),
    ("Cia", "Detected", "2019-06-01", "R2", "p2", "2018-01-01", "Norr"),
    ("Cia", "Moved", "2019-06-05", None, "p2", "2018-01-01", "Norr"),
    ("Dan", "Detected", "2019-07-01 08:00", None, None, "2018-02-01", "Syd"),
]
HEADERS = ["case_id", "activity", "start", "referral_id", "person_id", "birth_date", "unit"]


def log_of(rows: list[tuple[object, ...]] = ROWS, headers: list[str] = HEADERS, **options: object) -> lt.EventLog:
    return lt.read_log(pd.DataFrame(rows, columns=headers), timezone="Europe/Stockholm", **options)  # type: ignore[arg-type]


def days(log: lt.EventLog) -> list[tuple[str, float]]:
    frame = lt.lead_times(log, PATHWAY).to_pandas()
    return sorted(zip(frame["status"], frame["lead_time_days"].fillna(-1.0), strict=True))


def test_ids_are_replaced_alike_wherever_they_stand_and_blanks_stay_blank() -> None:
    before, after = log_of().to_pandas(), lt.pseudonymise(log_of(), KEY).to_pandas()
    assert len(after) == len(before)
    for role, letter in (("case_id", "c"), ("referral_id", "r"), ("person_id", "p")):
        assert after[role].isna().sum() == before[role].isna().sum()
        assert after[role].nunique() == before[role].nunique()
        assert after[role].dropna().str.fullmatch(f"{letter}[a-z2-7]{{16}}").all()
        sizes = (frame[role].value_counts().sort_values().tolist() for frame in (before, after))
        assert next(sizes) == next(sizes)
    assert sorted(after["unit"]) == sorted(before["unit"])


def test_a_pseudonym_is_the_same_in_another_file_and_another_with_another_key() -> None:
    first = lt.pseudonymise(log_of(), KEY).to_pandas()
    other = lt.pseudonymise(log_of(ROWS[2:4]), SECRET.encode()).to_pandas()
    assert set(other["case_id"]) < set(first["case_id"])
    assert set(other["person_id"]) < set(first["person_id"])
    again = lt.pseudonymise(log_of(), PseudonymKey(SECRET[::-1].encode())).to_pandas()
    assert not set(again["case_id"]) & set(first["case_id"])


def test_without_a_shift_every_lead_time_stays() -> None:
    log = log_of(observed_until="2019-12-31")
    assert days(lt.pseudonymise(log, KEY)) == days(log)


@pytest.mark.parametrize("step", [1, 7])
def test_a_shift_keeps_durations_ages_and_the_order_within_a_case(step: int) -> None:
    log = log_of(observed_until="2019-12-31")
    moved = lt.pseudonymise(log, KEY, shift_days=200, keep_weekdays=step == 7, follow_up="keep")
    assert days(moved) == days(log)
    known = pseudonyms(["Anna", "Bo", "Cia", "Dan"], KEY, domain="case")
    before, after = log.to_pandas(), moved.to_pandas()
    shifts = {}
    for case, name in known.items():
        was, now = before[before["case_id"] == case], after[after["case_id"] == name]
        assert now["activity"].tolist() == was["activity"].tolist()
        moments = ["start_us", "end_us", "start_wall_us", "end_wall_us", "birth_date_us", "birth_date_wall_us"]
        (shifts[case],) = set((now[moments].to_numpy() - was[moments].to_numpy()).ravel().tolist())
    assert all(shift % (step * DAY_US) == 0 and abs(shift) <= 200 * DAY_US for shift in shifts.values())
    assert shifts["Anna"] == shifts["Bo"]  # one person
    assert len(set(shifts.values())) > 1


def test_a_shift_without_the_end_of_observation_changes_open_cases_alone() -> None:
    log = log_of(observed_until="2019-12-31")
    shifted, was = (pd.DataFrame(days(made), columns=["status", "days"]) for made in (lt.pseudonymise(log, KEY, shift_days=200), log))
    assert shifted["status"].tolist() == was["status"].tolist()
    finished = was["status"] != "still waiting"
    assert shifted[finished].equals(was[finished])


def test_the_end_of_observation_is_dropped_with_a_shift_since_it_would_tell_it() -> None:
    log = log_of(observed_until="2019-12-31")
    hidden = lt.pseudonymise(log, KEY, shift_days=50)
    assert hidden.observed_until is None
    assert not [name for name in hidden.columns if name.startswith("last_observed")]
    assert lt.pseudonymise(log, KEY).observed_until == log.observed_until


EVENT = st.tuples(
    st.sampled_from(["Kim", "Lo", "Max"]),
    st.sampled_from(["Detected", "Visit", "Diagnosis", "Moved"]),
    st.datetimes(datetime(2018, 1, 1), datetime(2019, 12, 31)).map(lambda at: at.isoformat(" ", "seconds")),  # noqa: DTZ001 - local clocks
)


# An example takes a second, so one that fails is told as it is and not made smaller.
@settings(max_examples=6, phases=(Phase.explicit, Phase.generate))
@given(st.lists(EVENT, min_size=1, max_size=12), st.integers(1, 1000))
def test_durations_hold_for_any_log_and_shift(rows: list[tuple[str, str, str]], shift: int) -> None:
    log = log_of([*rows, ("Zed", "Detected", "2019-01-01 10:00:00")], ["case_id", "activity", "start"], observed_until="2020-06-30")
    hidden = lt.pseudonymise(log, KEY, shift_days=shift, follow_up="keep")
    assert days(hidden) == days(log)
    profile = ["events", "waiting_days", "repeats"]
    assert sorted(map(tuple, lt.case_profile(hidden).to_pandas()[profile].to_numpy().tolist())) == sorted(
        map(tuple, lt.case_profile(log).to_pandas()[profile].to_numpy().tolist())
    )


def test_columns_are_dropped_by_role_or_header() -> None:
    frame = pd.DataFrame(ROWS, columns=[*HEADERS[:6], "Enhet"]).assign(Anteckning="Anna mår bra")
    log = lt.read_log(frame, timezone="UTC")
    hidden = lt.pseudonymise(log, KEY, drop=["Anteckning", "enhet", "birth_date"])
    assert not {"Anteckning", "unit", "birth_date_us", "birth_date_is_date"} & set(hidden.columns)
    assert "Anna" not in str(hidden.to_pandas().to_dict())
    assert "unit" not in hidden.roles
    for wrong, says in ((["Anteckningar"], "did you mean 'Anteckning'"), (["start"], "without which"), ("unit", "give a list")):
        with pytest.raises(UsageError, match=says):
            lt.pseudonymise(log, KEY, drop=wrong)


def test_other_columns_of_ids_are_replaced_when_named() -> None:
    frame = pd.DataFrame(ROWS, columns=HEADERS).assign(Journal=[f"J{i % 3}" for i in range(len(ROWS))], number=range(len(ROWS)))
    hidden = lt.pseudonymise(lt.read_log(frame, timezone="UTC"), KEY, ids=["Journal", "number"]).to_pandas()
    assert hidden["Journal"].str.fullmatch("x[a-z2-7]{16}").all()
    assert hidden["Journal"].nunique() == 3
    assert hidden["number"].nunique() == len(ROWS)
    assert hidden["case_id"].str.startswith("c").all()  # always
    assert set(hidden["referral_id"].dropna()) == {"R1", "R2"}  # not named
    with pytest.raises(UsageError, match="'activity', which is no id"):
        lt.pseudonymise(log_of(), KEY, ids=["activity"])


def test_a_column_that_still_holds_personal_numbers_stops() -> None:
    frame = pd.DataFrame(ROWS, columns=HEADERS).assign(case_id="19121212-1212", Anteckning="mamma: 701063-2391")
    log = lt.read_log(frame, timezone="UTC")
    with pytest.raises(DisclosureError, match="7 values in column 'Anteckning'") as caught:
        lt.pseudonymise(log, KEY)
    assert "701063" not in str(caught.value)
    assert "1212" not in str(lt.pseudonymise(log, KEY, drop=["Anteckning"]).to_pandas().to_dict())
    assert len(lt.pseudonymise(log, KEY, allow_personal_numbers=True)) == len(ROWS)


@pytest.mark.parametrize("value", ["2019-03-30", "ring 30/3 2019", pd.Timestamp("2019-03-30"), "20190330"])
def test_with_a_shift_no_other_date_may_stay(value: object) -> None:
    frame = pd.DataFrame(ROWS, columns=HEADERS).assign(Registrerad=value)
    log = lt.read_log(frame, timezone="UTC")
    with pytest.raises(InputError, match="'Registrerad' holds dates that aren't shifted"):
        lt.pseudonymise(log, KEY, shift_days=10)
    assert lt.pseudonymise(log, KEY)
    assert lt.pseudonymise(log, KEY, shift_days=10, drop=["Registrerad"])


@pytest.mark.parametrize(("options", "says"), [
    ({"shift_days": -1}, "shift_days=-1"), ({"shift_days": 1.5}, "shift_days=1.5"), ({"follow_up": "kept"}, "follow_up='kept'"),
    ({"length": 1}, "length=1"), ({"ids": ["x"]}, "ids names the column 'x'"),
])  # fmt: skip
def test_options_that_are_not_allowed_are_told(options: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        lt.pseudonymise(log_of(), KEY, **options)


def test_the_table_of_cases_is_pseudonymised_and_shifted_with_the_events() -> None:
    cases = pd.DataFrame(
        {"case_id": ["Anna", "Bo", "Silent"], "birth_date": ["2017-01-01", "2017-02-01", "2017-03-01"], "site": ["x", "y", "z"]}
    )
    rows = [row[:3] for row in ROWS[:4]]
    log = lt.read_log(pd.DataFrame(rows, columns=HEADERS[:3]), cases=cases, timezone="UTC")
    hidden = lt.pseudonymise(log, KEY, shift_days=300)
    assert hidden.declared_cases is not None
    table = hidden.session.collect(hidden.declared_cases)
    assert len(table) == 3
    assert not set(table["case_id"]) & {"Anna", "Bo", "Silent"}
    assert set(hidden.to_pandas()["case_id"]) < set(table["case_id"])
    ages, was = ([(part["start_wall_us"].min() - born.loc[case]) for case, part in made.groupby("case_id")] for made, born in (
        (hidden.to_pandas(), table.set_index("case_id")["birth_date_wall_us"]),
        (log.to_pandas(), log.session.collect(log.declared_cases).set_index("case_id")["birth_date_wall_us"]),
    ))  # fmt: skip
    assert sorted(ages) == sorted(was)


def test_the_rows_no_longer_stand_in_the_order_of_the_persons_and_rejected_rows_are_left_behind() -> None:
    rows = [(f"{i:02}", "x", f"2019-01-{1 + i % 28:02}") for i in range(40)] + [("lost", "x", "soon")]
    log = lt.read_log(pd.DataFrame(rows, columns=HEADERS[:3]))
    hidden = lt.pseudonymise(log, KEY)
    assert hidden.to_pandas()["case_id"].is_monotonic_increasing
    assert hidden.to_pandas()["row"].tolist() == list(range(40))
    assert (hidden.quality.rows_read, hidden.rejected.rows) == (40, ())


# --- the command ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pd.DataFrame(ROWS, columns=HEADERS).to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "key").write_text(SECRET + "\n")
    return tmp_path


def run(folder: Path, out: str, *more: str) -> int:
    key = () if "--key-env" in more or "--key-file" in more else ("--key-file", str(folder / "key"))
    return main(["pseudonymise", str(folder / "log.csv"), "--timezone", "Europe/Stockholm", "--out", str(folder / out), *key, *more])


def everything(path: Path) -> bytes:
    """All bytes of a file, those packed within it too."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as package:
        return b"".join(package.read(name) for name in package.namelist())


@pytest.mark.parametrize("out", ["out.csv", "out.parquet", "out.xlsx"])
def test_the_file_holds_the_log_and_neither_key_nor_ids(out: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, out) == 0
    said = capsys.readouterr()
    written = everything(folder / out)
    raw = SECRET.encode()
    for part in (raw, raw.hex().encode(), raw[:12], b"Anna", b"p1"):
        assert part not in written
        assert part.decode() not in said.out + said.err
    assert os.name != "posix" or stat.S_IMODE((folder / out).stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == sorted(["log.csv", "key", out])  # nothing half written
    again = lt.read_log(folder / out, timezone="Europe/Stockholm")
    assert days(again) == days(log_of())
    assert KEY.name in said.out


def test_the_key_comes_from_the_environment_and_stands_in_no_argument(folder: Path) -> None:
    arguments = [sys.executable, "-m", "leadtime", "--debug", "pseudonymise", "log.csv", "--out", "out.csv", "--key-env", "THE_KEY"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "THE_KEY": SECRET}
    done = subprocess.run(arguments, capture_output=True, cwd=folder, env=environment, check=True)
    assert SECRET.encode() not in done.stdout + done.stderr + (folder / "out.csv").read_bytes()
    assert run(folder, "again.csv") == 0
    assert (folder / "out.csv").read_bytes() != b""
    names = [set(pd.read_csv(folder / name)["case_id"]) for name in ("out.csv", "again.csv")]
    assert names[0] == names[1]
    help_text = subprocess.run([*arguments[:5], "--help"], capture_output=True, cwd=folder, env=environment, check=True, text=True).stdout
    assert "--key " not in help_text


def test_a_new_key_is_made_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "out.csv", "--key-file", str(folder / "new"), "--new-key") == 0
    assert stat.S_IMODE((folder / "new").stat().st_mode) & 0o077 == 0 or os.name != "posix"
    assert run(folder, "out.csv", "--key-file", str(folder / "new"), "--new-key") == 1
    assert "already" in capsys.readouterr().err
    assert run(folder, "out.csv", "--key-file", str(folder / "new")) == 0


BAD = {
    "no key": (("--key-env", "NO_SUCH_VARIABLE"), 1, "isn't set"),
    "two keys": (("--key-file", "key", "--key-env", "HOME"), 2, "one of them"),
    "a column that isn't there": (("--drop", "unitt"), 2, "did you mean 'unit'"),
    "a key on the command line": (("--key", SECRET), 2, "--key"),
    "a new key without a file": (("--key-env", "HOME", "--new-key"), 2, "--key-file"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_call_is_told_in_one_line_without_the_key(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options, code, says = BAD[name]
    assert run(folder, "out.csv", *options) == code
    error = capsys.readouterr().err
    assert says in error
    assert SECRET not in error
    assert error.count("\n") == 1
    assert not (folder / "out.csv").exists()


@pytest.mark.parametrize("out", ["out.csvx", "there", "none/out.csv"], ids=["an ending that isn't known", "a folder", "in no folder"])
def test_no_new_key_is_left_where_nothing_was_written_with_it(out: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "there").mkdir()
    assert run(folder, out, "--key-file", str(folder / "new"), "--new-key") in (1, 2)
    assert capsys.readouterr().err.count("\n") == 1
    assert not (folder / "new").exists()


def test_a_new_key_goes_where_personal_numbers_stop_the_run_but_an_old_one_stays(folder: Path) -> None:
    (folder / "log.csv").write_text("Ärende,Händelse,Datum,Anteckning\na,Remiss,2019-03-05,19811218-9876\n")
    for more in (("--new-key",), ()):
        assert run(folder, "out.csv", "--key-file", str(folder / "new"), *more) == 1
        assert not (folder / "new").exists()
    before = (folder / "key").read_bytes()
    assert run(folder, "out.csv", "--key-file", str(folder / "key")) == 1
    assert (folder / "key").read_bytes() == before


def test_the_log_and_the_key_are_not_written_over(folder: Path) -> None:
    before = (folder / "log.csv").read_bytes(), (folder / "key").read_bytes()
    assert run(folder, "log.csv") == 2
    assert run(folder, "key") == 2
    assert run(folder, "none/out.csv") == 1
    assert ((folder / "log.csv").read_bytes(), (folder / "key").read_bytes()) == before


def test_a_weak_key_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "key").write_text("sommar2024")
    assert run(folder, "out.csv") == 2
    error = capsys.readouterr().err
    assert "256" in error
    assert "sommar" not in error


def test_personal_numbers_stop_the_report_and_the_pseudonymised_log_gives_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = []
    for i, case in enumerate(("19121212-1212", "701063-2391", *"abcdefgh")):
        cohort = "before" if i % 2 else "after"
        lines += [f"{case},{what},2019-0{1 + i % 3 + done}-01,{cohort}" for done, what in enumerate(("Detected", "Diagnosis"))]
    (tmp_path / "log.csv").write_text("\n".join(["case_id,activity,start,cohort", *lines]), encoding="utf-8")
    (tmp_path / "pathway.toml").write_text(
        'name = "Small"\nstart = "detection"\nstop = "diagnosis"\n[milestones]\ndetection = { activities = ["Detected"] }\n'
        'diagnosis = { activities = ["Diagnosis"] }\n', encoding="utf-8",
    )  # fmt: skip
    (tmp_path / "key").write_text(SECRET)

    def report(name: str, *more: str) -> int:
        common = ["--pathway", str(tmp_path / "pathway.toml"), "--out", str(tmp_path / "out"), "--by", "cohort"]
        return main(["report", str(tmp_path / name), *common, "--before", "before", "--after", "after", *more])

    assert report("log.csv") == 1
    error = capsys.readouterr().err
    assert "4 values in column 'case_id' hold personal numbers" in error
    assert "--allow-personal-numbers" in error
    assert "1212-1212" not in error
    assert not (tmp_path / "out").exists()
    assert main(["check", str(tmp_path / "log.csv")]) == 1
    assert (
        main(["pseudonymise", str(tmp_path / "log.csv"), "--out", str(tmp_path / "hidden.csv"), "--key-file", str(tmp_path / "key")]) == 0
    )
    assert report("hidden.csv") == 0
    assert report("log.csv", "--allow-personal-numbers") == 0


def test_a_personal_number_that_is_left_is_told_by_its_row_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("case_id;activity;start;note\nb;x;2019-01-01;\na;x;2019-01-01;pnr 150161-2384\n", encoding="utf-8")
    with pytest.raises(lt.DisclosureError, match=r"row 3\)"):
        lt.pseudonymise(lt.read_log(path), KEY)


def test_ids_that_get_two_pseudonyms_for_their_spelling_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text(
        "case_id,activity,start\nK-1,Visit,2019-01-01\nk1,Visit,2019-01-02\nk2,Visit,2019-01-03\n", encoding="utf-8"
    )
    command = ["pseudonymise", str(tmp_path / "log.csv"), "--out", str(tmp_path / "hidden.csv"), "--key-file", str(tmp_path / "key")]
    assert main([*command, "--new-key"]) == 0
    assert "warning: 2 case ids differ from another only by capitals" in capsys.readouterr().out
