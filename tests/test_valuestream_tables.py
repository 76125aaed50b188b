"""Workshop tables as people write them: headings in two languages, units, numbers; and whatever is wrong in one clear line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import leadtime as lt
from leadtime.cli import main

GOOD: dict[str, list[Any]] = {
    "step": ["Referral", "Speech", "Psychology", "Plan"],
    "after": ["", "Referral", "Referral", "Speech; Psychology"],
    "process_min": [1, 1, 2, 1], "process_likely": [1, 2, 3, 1], "process_max": [1, 5, 6, 1],
    "wait_min": [0, 20, 40, 5], "wait_likely": [0, 30, 60, 10], "wait_max": [0, 50, 90, 20],
    "percent_complete_accurate": [90, 95, 95, 100],
}  # fmt: skip


def table(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(GOOD | columns)


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    book.save(path)
    return path


SWEDISH = ["Steg", "Efter", "Processtid trolig (timmar)", "Väntan minst", "Väntan trolig", "Väntan längst (veckor)", "%C&A"]


def test_swedish_headings_units_and_title_rows_are_understood(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "karta.xlsx",
        Guide=[["Läs mig"]],
        Nuläge=[["Karta 3 mars"], [], SWEDISH, ["Remiss", None, 12, None, None, None, 0.9], ["Besök", "remiss", 24, 7, 14, 4, 0.8]],
        Framtida_läge=[SWEDISH, ["Team", None, 48, None, None, None, 0.95]],
    )
    stream = lt.value_stream(path)
    assert [(step.step, step.after, step.wait_days, step.process_days) for step in stream.steps] == [
        ("Remiss", (), 0, 0.5), ("Besök", ("Remiss",), 14, 1),
    ]  # fmt: skip
    assert (stream.lead_time_days, stream.rolled_complete_accurate) == (15.5, pytest.approx(0.72))
    assert stream.p90_days is not None
    assert 15.5 < stream.p90_days < 29.5
    assert stream.future is not None
    assert stream.future.lead_time_days == 2
    assert stream.summary.column("change")[0] == -13.5


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), (",", "utf-8"), ("\t", "utf-8"), (";", "cp1252")])
def test_csv_files_with_decimal_commas_are_read(tmp_path: Path, delimiter: str, encoding: str) -> None:
    comma = '"0,5"' if delimiter == "," else "0,5"
    rows = [["Steg", "Processtid", "Väntan"], ["Hör av", comma, "0"], ["Möte", "1", "9"], ["", "", ""]]
    path = tmp_path / "karta.csv"
    path.write_bytes("\r\n".join(delimiter.join(row) for row in rows).encode(encoding))
    stream = lt.value_stream(path)
    assert [step.process_days for step in stream.steps] == [0.5, 1]
    assert stream.critical_path == ("Hör av", "Möte")  # without `after`, one after another
    assert (stream.p10_days, stream.p90_days) == (10.5, 10.5)  # without least and most there is no spread


@pytest.mark.parametrize(
    "shares",
    [[0.9, 0.95, 0.95, 1], [90, 95, 95, 100], ["90 %", "95%", "95 %", "100 %"], ["90", "95,0", "95", "100"], [0.9, 0.95, 0.95, 1.0]],
)
def test_percent_is_read_as_share_or_percent_for_the_whole_column(shares: list[Any]) -> None:
    assert lt.value_stream(table(percent_complete_accurate=shares)).rolled_complete_accurate == pytest.approx(0.9 * 0.95**2)


def test_a_share_of_one_percent_is_no_whole() -> None:
    stream = lt.value_stream(table(percent_complete_accurate=[1, 95, 95, 100]))
    assert stream.steps[0].complete_accurate == 0.01


def test_the_rolled_share_is_not_known_where_one_step_is_not() -> None:
    stream = lt.value_stream(table(percent_complete_accurate=[90, None, 95, 100]))
    assert stream.rolled_complete_accurate is None
    assert lt.value_stream(table().drop(columns="percent_complete_accurate")).rolled_complete_accurate is None


CIRCLE = "column 'after': the steps wait for one another in a circle: Referral after Plan after Speech after Referral; mend"
SHARES = "row 1, column 'percent_complete_accurate': 0.9 looks like a share, but 95.0 in row 2 like percent; write all as 0.9 or all as 90"
BAD: list[tuple[dict[str, list[Any]], str]] = [
    ({"after": ["Plan", "Referral", "Referral", "Speech; Psychology"]}, CIRCLE),
    ({"after": ["", "Referal", "Referral", "Speech"]}, "row 2, column 'after': 'Referal' is no step of the table; did you mean 'Referral'"),
    ({"after": ["", "Speech", "Referral", "Speech"]}, "circle: Speech after Speech; mend"),
    ({"process_min": [1, 3, 2, 1]}, "row 2, column 'process_min': 3 is above the likely 2; swap or mend them"),
    ({"wait_max": [0, 50, 50, 20]}, "row 3, column 'wait_max': 50 is below the likely 60; swap"),
    ({"wait_likely": [0, "ca 30", 60, 10]}, "row 2, column 'wait_likely': 'ca 30' is no number; write a number such as 2.5"),
    ({"process_likely": [1, None, 3, 1]}, "row 2, column 'process_likely': is empty"),
    ({"wait_min": [0, -1, 40, 5]}, "row 2, column 'wait_min': -1 is below 0"),
    ({"percent_complete_accurate": [0.9, 95, 95, 100]}, SHARES),
    ({"percent_complete_accurate": [90, 95, 95, 101]}, "row 4, column 'percent_complete_accurate': 101 isn't between 0 and 100 percent"),
    ({"percent_complete_accurate": [90, "good", 95, 100]}, "row 2, column 'percent_complete_accurate': 'good' is no number"),
    ({"step": ["Referral", "Speech", "Speech", "Plan"]}, "row 3, column 'step': 'Speech' stands in row 2 too"),
    ({"step": ["Referral", "", "Psychology", "Plan"]}, "row 2, column 'step': the step has no name"),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "message"), BAD, ids=[str(number) for number in range(len(BAD))])
def test_what_is_wrong_is_told_in_one_line(columns: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(lt.InputError) as caught:
        lt.value_stream(table(**columns))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_in_a_workbook_names_the_sheet_and_the_row_as_excel_shows_it(tmp_path: Path) -> None:
    path = workbook(tmp_path / "map.xlsx", Now=[["Our map"], ["step", "process", "wait"], ["Referral", 1, 0], ["Visit", 1, "long"]])
    with pytest.raises(lt.InputError, match="'Now': row 4, column 'wait': 'long' is no number"):
        lt.value_stream(path)


def test_what_is_no_table_is_told(tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text("case_id,activity,start\na,x,2020-01-01\n")
    for source, message in (
        (events, "holds no workshop table"),
        (pd.DataFrame({"case_id": ["a"]}), "the frame has no columns step"),
        (workbook(tmp_path / "none.xlsx", Now=[["step", "process", "wait"]]), "headings but no step"),
        (
            workbook(tmp_path / "two.xlsx", A=[["step", "process"], ["x", 1]], B=[["step", "process"], ["y", 1]]),
            r"2 sheets hold a workshop table",
        ),
        (pd.DataFrame({"step": ["a"], "process": [1], "process_likely": [2]}), "'process' and 'process_likely' both mean process_likely"),
    ):
        with pytest.raises(lt.InputError, match=message):
            lt.value_stream(source)
    with pytest.raises(lt.UsageError, match="source is a int"):
        lt.value_stream(7)


# --- the command line ------------------------------------------------------------------------------------------------------------------


def test_the_command_needs_no_event_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "map.csv"
    table().to_csv(path, index=False)
    assert main(["valuestream", str(path), "--available-days", "200", "--demand", "50", "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "Psychology" in shown
    assert "Lead time 2.5 months, of which 7 days are process time (activity ratio 6.5 %)." in shown
    assert "Takt (working days per case)" in shown
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["value_stream.html", "value_stream.xlsx"]
    book = openpyxl.load_workbook(tmp_path / "out" / "value_stream.xlsx")
    assert book.sheetnames == ["Cover", "Contents", "Current state", "The whole stream"]
    page = (tmp_path / "out" / "value_stream.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "81.2" in page  # rolled %C&A


def test_both_states_stand_side_by_side_in_swedish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, wait in (("now", 60), ("then", 20)):
        pd.DataFrame({"steg": ["Remiss", "Besök"], "processtid": [1, 1], "väntan": [0, wait]}).to_csv(tmp_path / f"{name}.csv", index=False)
    assert (
        main(["valuestream", str(tmp_path / "now.csv"), "--future", str(tmp_path / "then.csv"), "--language", "sv", "--out", str(tmp_path)])
        == 0
    )
    assert "Ledtid 2 månader, varav 2 dagar är processtid" in capsys.readouterr().out
    book = openpyxl.load_workbook(tmp_path / "value_stream.xlsx")
    assert book.sheetnames == ["Omslag", "Innehåll", "Nuläge", "Framtida läge", "Flödet som helhet"]
    whole = book["Flödet som helhet"]
    heads = next(row for row in whole.iter_rows(values_only=True) if row[0] == "Mått")
    assert heads == ("Mått", "Nu", "Framtid", "Förändring")


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    table().to_csv(path, index=False)
    for folder in ("one", "two"):
        assert main(["valuestream", str(path), "--out", str(tmp_path / folder)]) == 0
    for name in ("value_stream.xlsx", "value_stream.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_sheets_of_the_template_are_read_back(tmp_path: Path, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.xlsx"
    assert main(["template", "--out", str(path), "--language", language]) == 0
    book = openpyxl.load_workbook(path)
    now, future = book.worksheets[-2:]
    now.append(["Referral", None, 1, 2, 3, None, None, None, 90])
    now.append(["Visit", None, 12, 24, 36, 10, 20, 40, 80])
    future.append(["Team", None, 12, 24, 36, 5, 10, 15, 95])
    book.save(path)
    capsys.readouterr()
    stream = lt.value_stream(path)
    assert [step.step for step in stream.steps] == ["Referral", "Visit"]  # the example row isn't counted
    assert stream.lead_time_days == pytest.approx(21 + 2 / 24)
    assert stream.future is not None
    assert stream.future.lead_time_days == 11
    assert main(["valuestream", str(path)]) == 0


def test_a_bad_map_ends_in_one_line_and_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "map.csv"
    table(wait_likely=[0, "soon", 60, 10]).to_csv(path, index=False)
    assert main(["valuestream", str(path), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "leadtime: 'map.csv': row 3, column 'wait_likely': 'soon' is no number; write a number such as 2.5\n"
    assert not (tmp_path / "out").exists()
