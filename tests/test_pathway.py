"""A pathway file is read strictly: an error names the file, the key and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

import leadtime as lt

GOOD = """
name = "Early help"
start = "detection"
stop = ["diagnosis"]
order = ["detection", "diagnosis"]
[milestones.detection]
activities = ["Upptäckt"]
[milestones.diagnosis]
activities = "Diagnos"
rule = "nth"
n = 2
[exits.moved]
activities = ["Flyttat"]
[activities."Läkarbesök"]
kind = "assessment"
minutes = 45
[pauses.family]
begin = ["Paus"]
end = ["Åter"]
reason = "family"
[log]
observed_until = 2020-12-31
[comparison]
by = "cohort"
"""


def read(tmp_path: Path, text: str) -> lt.Pathway:
    path = tmp_path / "pathway.toml"
    path.write_text(text, encoding="utf-8")
    return lt.read_pathway(path)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    pathway = read(tmp_path, GOOD)
    assert pathway.milestones["diagnosis"].activities == ("Diagnos",)
    assert pathway.milestones["diagnosis"].n == 2
    assert pathway.log.observed_until == "2020-12-31"
    assert pathway.activities["Läkarbesök"].minutes == 45
    assert pathway.unknown_activities(["Paus", "Upptäckt", "Okänt"]) == ("Okänt",)


def test_equal_content_has_an_equal_fingerprint(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).sha256 == read(tmp_path, "# a comment\n" + GOOD).sha256
    assert read(tmp_path, GOOD).sha256 != read(tmp_path, GOOD.replace("n = 2", "n = 3")).sha256


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('start = "detection"', 'strt = "detection"', r"pathway\.toml: unknown key 'strt'; did you mean 'start'\?"),
        ('rule = "nth"', 'rule = "second"', r"milestones\.diagnosis\.rule = 'second' isn't allowed; use 'first', 'last' or 'nth'"),
        ('kind = "assessment"', 'kind = "visit"', r"activities\.Läkarbesök\.kind = 'visit' isn't allowed; use 'value'"),
        ('stop = ["diagnosis"]', 'stop = ["diagnos"]', r"stop names the milestone 'diagnos'.*did you mean 'diagnosis'"),
        ('stop = ["diagnosis"]', 'stop = ["detection"]', r"can't both start and stop"),
        ('name = "Early help"', "", r"the key 'name' is missing"),
        ("minutes = 45", "minutes = -1", r"activities\.Läkarbesök\.minutes"),
        ("minutes = 45", "minuts = 45", r"unknown key 'activities\.Läkarbesök\.minuts'; did you mean 'minutes'\?"),
        ("[exits.moved]", "[exits.diagnosis]", r"both a milestone and an exit"),
        ('rule = "nth"\n', "", r"n = 2 goes with rule = 'nth'"),
        ("[pauses.family]", "[pauses.family", r"not valid TOML"),
    ],
)
def test_an_error_names_file_key_and_what_is_allowed(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(lt.PathwayError, match=message) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert "\n" not in str(caught.value)
    assert "pathway.toml" in str(caught.value)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(lt.InputError, match="no pathway file"):
        lt.read_pathway(tmp_path / "none.toml")
    with pytest.raises(lt.InputError, match="is a folder"):
        lt.read_pathway(tmp_path)


def test_the_pathway_is_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        read(tmp_path, GOOD).name = "other"  # type: ignore[misc]
