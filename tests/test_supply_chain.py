"""What is installed is known: a bill of materials from the metadata, licences, and a look-up of known weaknesses without a network."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re

import pytest

# Copyleft of the strong kind would bind who hands leadtime on.
FORBIDDEN = re.compile(r"\b(A?GPL|GNU (Affero )?General Public|SSPL|BUSL|Commons Clause)\b", re.IGNORECASE)


@pytest.fixture
def sbom(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    try:
        importlib.metadata.distribution("leadtime")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("leadtime itself isn't installed: pip install --no-deps --editable .")
    return importlib.import_module("sbom")


def test_the_bill_holds_every_dependency_with_licence_and_pinned_hashes(sbom):
    """Threat T11."""
    found = sbom.needed()
    made = sbom.bill(found)
    names = {one["name"] for one in made["components"]}
    assert {"duckdb", "narwhals", "numpy", "openpyxl", "pandas", "et-xmlfile", "markupsafe"} <= names
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.5")
    for one in made["components"]:
        assert one["licenses"][0]["license"]["name"] not in ("", "not declared"), one["name"]
    references = {one["bom-ref"] for one in made["components"]} | {made["metadata"]["component"]["bom-ref"]}
    assert {ref for one in made["dependencies"] for ref in one["dependsOn"]} <= references
    assert json.dumps(made, sort_keys=True) == json.dumps(sbom.bill(sbom.needed()), sort_keys=True)


def test_no_dependency_of_the_core_is_under_a_licence_that_binds_its_users(sbom):
    assert {name: sbom.licence(package) for name, package in sbom.needed().items() if FORBIDDEN.search(sbom.licence(package))} == {}


def test_the_hashes_are_those_of_the_pinned_list(sbom, root):
    version = re.search(r"^duckdb==(\S+)", (root / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)[1]
    known = sbom.hashes("duckdb", version)
    assert len(known) > 3
    assert all(f"sha256:{one}" in (root / "requirements.txt").read_text(encoding="utf-8") for one in known)
    assert sbom.hashes("duckdb", "0.0.1") == []


@pytest.mark.parametrize(
    ("events", "affected"),
    [
        ([{"introduced": "0"}], True),
        ([{"introduced": "0"}, {"fixed": "0.0.1"}], False),
        ([{"introduced": "0"}, {"fixed": "9999"}], True),
        ([{"introduced": "0"}, {"last_affected": "0.0.1"}], False),
        ([{"introduced": "9999"}], False),
    ],
)
def test_a_known_weakness_of_an_installed_version_is_found(sbom, events, affected):
    """Threat T11."""
    advisory = {
        "id": "TEST-1", "summary": "made up",
        "affected": [{"package": {"ecosystem": "PyPI", "name": "NumPy"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
    }  # fmt: skip
    told = sbom.weaknesses(sbom.needed(), [advisory])
    assert [line.split(":")[1].strip() for line in told] == (["TEST-1"] if affected else [])
