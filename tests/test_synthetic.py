"""Every sample says that it is made up, and no file of the repository that a reader meets names a person."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data_samples"
# Printed totals of public reports: real, and of no person; their READMEs say so.
PRINTED = {"sambu_mariestad", "visits_table"}
DATA = sorted(path for path in SAMPLES.glob("*/*") if path.suffix in {".csv", ".xlsx"} and path.parent.name not in PRINTED)
WRITTEN = {".md", ".ipynb", ".toml", ".py", ".csv", ".html"}
# Given names that are common in Sweden, without those that are also words, places or units (Per, Hans, Mark, Kim, Liv …).
GIVEN = frozenset(
    re.findall(
        r"\w+",
        """
    anna maria margareta elisabeth eva kristina birgitta karin marie ingrid christina linnea sofia kerstin
    marianne lena helena inger johanna linda elin ulla elsa alice maja ebba wilma astrid freja vera saga olivia
    julia emma ida sara hanna emilia matilda moa agnes ellen lars erik karl anders johan nils jan mikael carl
    gustav gunnar fredrik bengt bo peter thomas daniel alexander bertil arne andreas stefan sven oskar axel
    mattias jonas magnus patrik robert hugo liam noah william lucas elias oliver oscar adam leo mohammed ali ahmed
    fatima hassan
    """,
    )
)
PERSONAL = re.compile(r"\b(?:19|20)?\d{6}[-+]\d{4}\b|\w@\w|\b0\d{1,3}-\d{2,3} \d{2} \d{2}\b")  # personal number, address, telephone


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text.casefold()))


def sheets(path: Path) -> Iterator[list[list[str]]]:
    """The cells of a file as text, a list of rows a sheet."""
    if path.suffix == ".csv":
        text = path.read_text(encoding="utf-8")
        yield list(csv.reader(text.splitlines(), delimiter=";" if text.count(";") > text.count(",") else ","))
    else:
        book = load_workbook(path, read_only=True)
        for sheet in book.worksheets:
            yield [["" if value is None else str(value) for value in row] for row in sheet.iter_rows(values_only=True)]
        book.close()


def texts(path: Path) -> str:
    """All that a file says, a workbook's hidden parts and properties too."""
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(path) as book:
        return " ".join(book.read(part).decode("utf-8") for part in book.namelist() if part.endswith(".xml"))


@pytest.mark.parametrize("path", [*DATA, *sorted(SAMPLES.glob("*/pathway.toml")), *sorted(SAMPLES.glob("*/known.json"))], ids=named)
def test_every_synthetic_file_says_so_inside(path: Path) -> None:
    assert "syntetiska data" in texts(path).casefold()


def test_every_sample_s_readme_says_what_is_real_and_what_is_made_up() -> None:
    folders = {path.parent for path in SAMPLES.glob("*/*") if path.suffix in {".csv", ".xlsx"}}
    assert len(folders) > 20
    for folder in folders:
        text = (folder / "README.md").read_text(encoding="utf-8").casefold()
        assert "real" in text, folder
        assert "synt" in text or folder.name in PRINTED, folder


@pytest.mark.parametrize("path", DATA, ids=named)
def test_no_sample_holds_a_personal_number_an_address_or_a_telephone_number(path: Path) -> None:
    said = "\n".join(cell for rows in sheets(path) for row in rows for cell in row)
    assert PERSONAL.findall(said) == []


READ = [
    *sorted(SAMPLES.rglob("*.md")),
    *DATA,
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
    *sorted((ROOT / "reports" / "examples").rglob("*.html")),
    ROOT / "README.md",
]


def test_no_file_that_a_reader_meets_has_a_common_given_name() -> None:
    found = {named(path): GIVEN & words_of(_prose(path)) for path in READ}
    assert {name: sorted(names) for name, names in found.items() if names} == {}


def _prose(path: Path) -> str:
    """A file's text without pictures, which spell anything."""
    text = " ".join(cell for rows in sheets(path) for row in rows for cell in row) if path in DATA else texts(path)
    return re.sub(r"[A-Za-z0-9+/=\\]{80,}", " ", text)


def test_a_person_would_be_found(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Barn;Nummer;Kontakt\nAnna Ek;20160520-2389;a.ek@example.org\nB;160520-2389;070-123 45 67\n", encoding="utf-8")
    rows = next(sheets(path))
    assert len(PERSONAL.findall("\n".join(cell for row in rows for cell in row))) == 4
    assert GIVEN & words_of(rows[1][0]) == {"anna"}


def test_no_sentence_of_the_sources_is_copied(shared: Path) -> None:
    """Twelve words in a row, figures aside, are a sentence or most of one."""
    taken = set(runs((shared / "SOURCES.md").read_text(encoding="utf-8")))
    assert len(taken) > 500
    folders = ("leadtime", "data_samples", "docs", "notebooks", "reports/examples")
    read = [ROOT / "README.md", *(path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in WRITTEN)]
    assert len(read) > 300
    for path in read:
        assert not taken.intersection(runs(path.read_text(encoding="utf-8"))), path.name


def runs(text: str, length: int = 12) -> list[str]:
    """Every run of so many words of a text, without its figures."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return [" ".join(words[i : i + length]) for i in range(len(words) - length + 1)]
