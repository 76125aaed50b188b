"""The documentation is true: its names exist, and its site builds without a broken link. `test_pages.py` runs its code."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

import leadtime as lt
from leadtime.compare.audit import CODES
from leadtime.words import words

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_on_a_page_is_there(page: Path) -> None:
    for name in sorted(set(re.findall(r"\blt\.((?:survival\.|control\.)?[a-z_]+)\b", page.read_text(encoding="utf-8")))):
        value: object = lt
        for part in name.split("."):
            value = getattr(value, part)


METHODS = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
# Public functions that read, write, draw up or put into words: they compute no figure.
NOT_FIGURES = {
    "build_report", "check_quality", "disclose", "format_duration", "link_logs", "open_store", "pseudonymise", "read_log", "read_pathway",
    "read_printed_table", "with_names", "write_log",
}  # fmt: skip


def test_every_figure_has_a_test_that_is_there() -> None:
    rows = [row for row in re.findall(r"^\|(.+)\|$", METHODS, re.MULTILINE) if not re.search(r"---|\| test ", row)]
    assert len(rows) > 80
    for row in rows:
        held = re.search(r"`(\w+)`: `(\w+)` $", row)
        assert held, f"no test stands at the end of: {row}"
        path = ROOT / "tests" / f"test_{held[1]}.py"
        assert path.exists(), row
        assert f"\ndef test_{held[2]}(" in path.read_text(encoding="utf-8"), f"{path.name} has no test_{held[2]}"


def test_every_public_figure_stands_among_the_methods() -> None:
    figures = {name for name in lt.__all__ if inspect.isfunction(getattr(lt, name))} - NOT_FIGURES
    for room in ("survival", "control", "counts"):
        module = getattr(lt, room)
        figures |= {f"{room}.{name}" for name in module.__all__ if inspect.isfunction(getattr(module, name))}
    assert sorted(name for name in figures if f"`lt.{name}`" not in METHODS) == []


def test_every_paragraph_that_a_docstring_cites_stands_among_the_methods() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "leadtime").rglob("*.py"))
    cited = {
        number for said in re.findall(r"DEFINITIONS (\d(?:\.\d)?(?:(?:, |-)\d\.\d)*)", code) for number in re.findall(r"\d(?:\.\d)?", said)
    }
    told = set(re.findall(r"^## (\d)\.", METHODS, re.MULTILINE)) | set(
        re.findall(r"\d\.\d", "".join(re.findall(r"^\| \*\*(.+?)\*\*", METHODS, re.MULTILINE)))
    )
    assert len(cited) > 25
    assert sorted(cited - told) == []


def test_every_code_of_the_audit_stands_among_the_methods() -> None:
    table = METHODS[METHODS.index("## 6. Bias audit") :]
    assert tuple(re.findall(r"^\| ([a-z-]+) \|", table, re.MULTILINE)[1:]) == CODES


def test_the_page_of_names_is_the_packages() -> None:
    assert (ROOT / "docs" / "api.md").read_text(encoding="utf-8") == script("api").page(), "renew it: python docs/api.py"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_glossary_has_the_words_of_both_catalogues() -> None:
    module = script("glossary")
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert text == module.page(), "renew it: python docs/glossary.py"
    swedish, english = words("sv"), words("en")
    terms = [key for key in english.texts if key.endswith("_term") and key.startswith(("definition.", "report."))]
    terms += [
        key for key in english.texts if key.startswith(("column.", "report.column.", "report.waste.", "status.", "verdict.", "reason."))
    ]
    assert len(terms) > 150
    assert [key for key in terms if f"| {swedish.texts[key]} | {english.texts[key]} |" not in text] == []


@pytest.mark.parametrize("name", ["one_case.png", "lead_time.svg", "censoring.svg", "waste.svg", "disclosure.svg"])
def test_a_picture_is_what_its_page_s_code_draws(name: str, tmp_path: Path) -> None:
    images = script("images")
    assert name in images.DRAWN
    images.draw(name, tmp_path)
    drawn, kept = (folder / name for folder in (tmp_path, ROOT / "docs" / "images"))
    renew = f"renew {name}: python docs/images.py"
    pinned = re.search(r"^matplotlib==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert pinned
    if metadata.version("matplotlib") == pinned[1]:
        assert drawn.read_bytes() == kept.read_bytes(), renew
    elif name.endswith(".svg"):  # another version draws letters elsewhere, but as many of them
        glyphs = [re.findall(r"<!-- (.*?) -->", path.read_text(encoding="utf-8")) for path in (drawn, kept)]
        assert glyphs[0] == glyphs[1], renew


def test_every_picture_is_drawn_and_shown() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *PAGES))
    kept = {path.name for path in (ROOT / "docs" / "images").iterdir()}
    assert kept == {*script("images").DRAWN, "workbook.png"}
    assert [name for name in sorted(kept) if f"images/{name})" not in pages] == []


@pytest.mark.slow
@pytest.mark.program("mkdocs")
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "api" / "index.html").exists()
