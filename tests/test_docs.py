"""The documentation is true: its code runs, its names exist, its site builds without a broken link."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import leadtime as lt

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
# Needs a cluster; its names are checked with the others.
NOT_RUN = {"spark.md"}


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page) and page.name not in NOT_RUN], ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for block in blocks(page):
        exec(compile(block, str(page), "exec"), names)  # noqa: S102 - our own page, as its reader would run it


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
    spec = importlib.util.spec_from_file_location("api_page", ROOT / "docs" / "api.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "api.md").read_text(encoding="utf-8") == module.page(), "renew it: python docs/api.py"


@pytest.mark.program("mkdocs")
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "api" / "index.html").exists()
