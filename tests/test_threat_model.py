"""The threat model's items are held by tests that carry their numbers."""

from __future__ import annotations

import re

import pytest


def items(root) -> list[str]:
    return re.findall(r"^\*\*(T\d+)\.", (root / "docs" / "threat_model.md").read_text(encoding="utf-8"), re.MULTILINE)


def cited(root) -> dict[str, set[str]]:
    """The numbers that tests carry in their docstrings, each with the files."""
    found: dict[str, set[str]] = {}
    for path in (root / "tests").glob("test_*.py"):
        for said in re.findall(r"\b[Tt]hreats? (T\d+(?:, T\d+)*)", path.read_text(encoding="utf-8")):
            for number in said.split(", "):
                found.setdefault(number, set()).add(path.name)
    return found


def test_the_items_are_numbered_in_order(root):
    assert items(root) == [f"T{number}" for number in range(1, len(items(root)) + 1)]
    assert len(items(root)) >= 11


def test_every_item_is_held_by_a_test_and_no_test_names_another(root):
    assert set(items(root)) == set(cited(root))


@pytest.mark.parametrize("heading", ["Assets", "Who may do what", "What is protected, and how", "What is not protected"])
def test_the_page_says_what_a_threat_model_says(root, heading):
    assert f"## {heading}\n" in (root / "docs" / "threat_model.md").read_text(encoding="utf-8")
