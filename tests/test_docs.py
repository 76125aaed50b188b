"""The documentation is true: its names exist, and its site builds without a broken link. `test_pages.py` runs its code."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

import leadtime as lt

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_on_a_page_is_there(page: Path) -> None:
    for name in sorted(set(re.findall(r"\blt\.((?:survival\.|control\.)?[a-z_]+)\b", page.read_text(encoding="utf-8")))):
        value: object = lt
        for part in name.split("."):
            value = getattr(value, part)


def test_every_test_file_that_the_methods_name_is_there() -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")))
    assert len(named) > 10
    assert not {name for name in named if not (ROOT / "tests" / name).exists()}


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


@pytest.mark.program("mkdocs")
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "api" / "index.html").exists()
