"""The example reports that are kept in git are what the library makes today; `make reports` makes them anew."""

from __future__ import annotations

import re
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from openpyxl import load_workbook

from leadtime.cli import main

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"
EXAMPLES = ROOT / "reports" / "examples"
NAMES = {"report.html", "report.xlsx", "value_stream.html", "value_stream.xlsx"}
# A report names the versions that it was made with.
LIBRARIES = ("duckdb", "narwhals", "numpy", "openpyxl", "pandas", "scipy")


def pinned() -> dict[str, str]:
    listed = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE))
    return {name: listed[name] for name in LIBRARIES}


def content(path: Path) -> dict[str, bytes]:
    """A page's bytes, or the bytes of every part of a workbook: how tightly they are packed is up to the machine's zlib."""
    if path.suffix == ".html":
        return {"": path.read_bytes()}
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_committed_examples_are_made_again_to_the_byte(tmp_path, language, monkeypatch):
    installed = {name: metadata.version(name) for name in LIBRARIES}
    if installed != pinned():
        pytest.skip(f"examples are compared with the pinned versions only: {pinned()}, and these are {installed}")
    monkeypatch.chdir(ROOT)  # as `make reports` names its files
    arguments = [f"{SAMPLE.relative_to(ROOT)}/events.csv", "--pathway", f"{SAMPLE.relative_to(ROOT)}/pathway.toml", "--language", language]
    assert main(["report", *arguments, "--out", str(tmp_path)]) == 0
    assert main(["valuestream", *arguments, "--out", str(tmp_path)]) == 0
    committed = EXAMPLES / f"mark_svenljunga_{language}"
    assert {path.name for path in committed.iterdir()} == {path.name for path in tmp_path.iterdir()} == NAMES
    for name in sorted(NAMES):
        assert content(tmp_path / name) == content(committed / name), f"{name} differs; run `make reports`, look at it, and commit it"


def test_the_examples_are_small_and_say_that_they_are_synthetic():
    files = [path for path in EXAMPLES.rglob("*") if path.is_file()]
    assert len(files) == 2 * len(NAMES)
    assert sum(path.stat().st_size for path in files) < 600_000
    for page in EXAMPLES.rglob("*.html"):
        said = {"en": "Synthetic data: every case is made up", "sv": "Syntetiska data: varje ärende är påhittat"}
        assert said[page.parent.name[-2:]] in page.read_text(encoding="utf-8")
    for book in EXAMPLES.rglob("*.xlsx"):
        cover = [str(cell) for row in load_workbook(book).worksheets[0].iter_rows(values_only=True) for cell in row]
        assert any(cell.startswith(("Synthetic data:", "Syntetiska data:")) for cell in cover)
