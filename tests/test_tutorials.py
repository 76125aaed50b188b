"""Each tutorial followed literally, from an empty folder: its commands and code run in order, and print what the page shows.

`LEADTIME_RENEW_TUTORIALS=1 python -m pytest tests/test_tutorials.py` writes what is printed into the pages.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadtime.cli import main

PAGES = sorted((Path(__file__).resolve().parents[1] / "docs" / "tutorials").glob("*.md"))
_BLOCK = re.compile(r'^```(sh|python|toml|text)(?: title="([^"]+)")?\n(.*?)^```\n', re.MULTILINE | re.DOTALL)


def printed(kind: str, title: str | None, block: str, names: dict[str, object]) -> str:
    """What a reader sees who types the block."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "toml":
            assert title, "a file of a tutorial has a name"
            Path(title).write_text(block, encoding="utf-8")
        elif kind == "sh":
            for line in block.splitlines():
                program, *arguments = shlex.split(line)
                assert program == "leadtime"
                assert main(arguments) == 0, line
        else:
            exec(compile(block, "tutorial", "exec"), names)  # noqa: S102 - our own page, as its reader would run it
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def followed(page: str) -> Iterator[tuple[re.Match[str], str, str]]:
    """Each text on the page with what is shown there and what is printed."""
    names: dict[str, object] = {}
    said = ""
    for block in _BLOCK.finditer(page):
        kind, title, content = block.groups()
        if kind == "text":
            yield block, content, said
        else:
            said = printed(kind, title, content, names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_prints_what_its_page_shows(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    found = list(followed(text))
    if os.environ.get("LEADTIME_RENEW_TUTORIALS") == "1":
        for block, _, said in reversed(found):
            text = text[: block.start(3)] + said + text[block.end(3) :]
        page.write_text(text, encoding="utf-8")
        pytest.skip(f"wrote the outputs of {page.name} anew")
    assert found
    for _, shown, said in found:
        assert shown == said


def test_there_is_a_tutorial_for_each_user() -> None:
    assert [page.stem for page in PAGES] == ["evaluator", "project_lead", "researcher"]
