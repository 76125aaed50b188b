"""README is true: its commands and links are there, and `make report` prints what it shows. `test_pages.py` runs its code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadtime.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def recipe(verb: str) -> str:
    """The command that a verb of the Makefile runs, its variables filled in."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    values = dict(re.findall(r"^(\w+) :?= (.*)$", text, flags=re.MULTILINE))
    line = re.search(rf"^{verb}:.*\n\t@?(.*)$", text, flags=re.MULTILINE)
    assert line
    return re.sub(r"\$\((\w+)\)", lambda name: values[name[1]], line[1])


def test_make_report_prints_what_readme_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = recipe("report").split(" -m leadtime ")[1].split()
    sample = {word: str(ROOT / word) for word in arguments if word.startswith("data_samples/")}
    monkeypatch.chdir(tmp_path)
    assert main([sample.get(word, word) for word in arguments]) == 0
    shown = re.search(r"<!-- output of make report -->\n```text\n(.*?)```\n<!-- end -->", README, flags=re.DOTALL)
    assert shown
    assert capsys.readouterr().out == shown[1]
    assert (tmp_path / "reports" / "mark_svenljunga" / "report.xlsx").exists()


def test_the_pathway_it_shows_is_one(tmp_path: Path) -> None:
    import leadtime as lt

    block = re.search(r"```toml title=.*?\n(.*?)```", README, flags=re.DOTALL)
    assert block
    path = tmp_path / "pathway.toml"
    path.write_text(block[1], encoding="utf-8")
    assert lt.read_pathway(path).stop == ("diagnosis", "intervention")


def test_every_command_stands_in_it_and_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    for command in re.findall(r"`leadtime (\w+)", README):
        assert main([command, "--help"]) == 0
    main(["--help"])
    out = capsys.readouterr().out
    for command in ("report", "check", "describe", "template", "demo"):
        assert command in out
        assert f"`leadtime {command}" in README


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_it_stays_within_130_lines() -> None:
    assert len(README.splitlines()) <= 130
