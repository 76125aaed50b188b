"""Every page of the documentation, and README, followed literally: what stands in its blocks runs, and prints what the page shows.

Blocks `sh` and `python` are run in the order of the page, the latter in one namespace; one with a title is a file that is written. A block
`text` shows what the block before it prints. What can't be run here has a comment before it that says why: `<!-- not run: … -->`.

`LEADTIME_RENEW_PAGES=1 python -m pytest tests/test_pages.py` writes what is printed into the pages.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from leadtime.cli import main
from leadtime.errors import LeadtimeWarning

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = ROOT / "docs" / "tutorials"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INFO = re.compile(r'(\w*)(?: title="([^"]+)")?')
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->\n+$")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: what is in it, and why it isn't run, where it isn't."""

    kind: str
    title: str | None
    text: str
    place: tuple[int, int]
    not_run: str | None


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> Iterator[Block]:
    for found in _FENCE.finditer(text):
        info = _INFO.fullmatch(found[2])
        assert info, f"'{found[2]}' isn't the first line of a block"
        assert not found[1], "a block stands at the margin"
        why = _NOT_RUN.search(text, 0, found.start())
        yield Block(info[1], info[2], found[3], found.span(3), why[1] if why else None)


def printed(block: Block, names: dict[str, object]) -> str:
    """What a reader sees who types the block."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore", LeadtimeWarning)
        if block.title:
            Path(block.title).write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            exec(compile(block.text, "page", "exec"), names)  # noqa: S102 - our own page, as its reader would run it
        else:
            assert block.kind == "sh", f"a block '{block.kind}' can't be run: give its file's title, or say why it isn't run"
            for line in block.text.splitlines():
                program, *arguments = shlex.split(line)
                assert program == "leadtime", line
                assert main(arguments) == 0, line
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def followed(text: str) -> Iterator[tuple[Block, str]]:
    """Each output that the page shows, with what is printed."""
    names: dict[str, object] = {}
    before: Block | None = None
    said = ""
    for block in blocks(text):
        if block.kind != "text":
            before, said = block, "" if block.not_run else printed(block, names)
        else:
            assert before, f"nothing was run before the output\n{block.text}"
            if not before.not_run:
                yield block, said


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if "```" in page.read_text(encoding="utf-8")], ids=named)
def test_a_page_prints_what_it_shows(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if page.parent != TUTORIALS:  # which start in an empty folder
        (tmp_path / "data_samples").symlink_to(ROOT / "data_samples", target_is_directory=True)
    text = page.read_text(encoding="utf-8")
    shown = list(followed(text))
    if os.environ.get("LEADTIME_RENEW_PAGES") == "1":
        for block, said in reversed(shown):
            text = text[: block.place[0]] + said + text[block.place[1] :]
        page.write_text(text, encoding="utf-8")
        pytest.skip(f"wrote the outputs of {page.name} anew")
    for block, said in shown:
        assert block.text == said


def test_no_sample_is_changed_by_a_page() -> None:
    # The pages see the samples themselves: what they write must go elsewhere.
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            assert not re.search(r"(--out|to_excel\(|to_html\(|write_log\(\w+, |\.save\()\s*\"?data_samples", block.text), page


def test_there_is_a_tutorial_for_each_user_and_it_shows_its_outputs() -> None:
    pages = sorted(TUTORIALS.glob("*.md"))
    assert [page.stem for page in pages] == ["evaluator", "project_lead", "researcher"]
    for page in pages:
        assert sum(block.kind == "text" for block in blocks(page.read_text(encoding="utf-8"))) >= 2


BROKEN = {
    "another output": "```python\nprint(1)\n```\n\n```text\n2\n```\n",
    "an error": "```python\nunknown\n```\n",
    "a command that fails": "```sh\nleadtime check absent.csv\n```\n",
    "an output of nothing": "```text\n1\n```\n",
    "an unknown kind": "```ruby\nputs 1\n```\n",
    "a file without a name": "```toml\nname = 1\n```\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_page_that_is_not_true_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def differing() -> list[str]:
        return [said for block, said in followed(BROKEN[name]) if block.text != said]

    if name == "another output":
        assert differing() == ["1\n"]
    else:
        with pytest.raises((AssertionError, NameError)):
            differing()


def test_a_page_s_blocks_share_names_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (
        '```csv title="a.csv"\nx\n```\n\n```python\nn = 41\n```\n\n<!-- not run: needs a cluster -->\n```python\nspark.stop()\n```\n\n'
        '```python\nfrom pathlib import Path\nprint(n + 1, Path("a.csv").read_text().strip())\n```\n\n```text\n42 x\n```\n'
    )
    assert [(block.text, said) for block, said in followed(page)] == [("42 x\n", "42 x\n")]
