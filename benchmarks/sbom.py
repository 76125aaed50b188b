"""What is installed beneath leadtime, from its own metadata: a list with licences, and a bill of materials in CycloneDX 1.5.

    python benchmarks/sbom.py                         # `make sbom`: prints the list and writes build/sbom.json
    python benchmarks/sbom.py --known advisories.json # also looks for known weaknesses, offline

Only what the core needs is listed, with what that needs in turn. `--known` names a file in the OSV format (one entry, or a list of
them), as https://osv.dev offers for download; an installed version that it names ends the run with 1. The same environment gives the same
bytes.
"""

from __future__ import annotations

import argparse
import importlib.metadata as metadata
import json
import re
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
Found = dict[str, metadata.Distribution]


def needed(name: str = "leadtime", extras: Iterable[str] = ()) -> Found:
    """Gives what a package needs, and what that needs, by name; those that this system doesn't need are left out."""
    found: Found = {}
    waiting = [(name, frozenset(extras))]
    while waiting:
        one, wanted = waiting.pop()
        if canonicalize_name(one) in found and not wanted:
            continue
        made = metadata.distribution(one)
        found[canonicalize_name(one)] = made
        for requirement in map(Requirement, made.requires or []):
            asked = requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in (*wanted, ""))
            if asked and canonicalize_name(requirement.name) not in found:
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return dict(sorted(found.items()))


def licence(package: metadata.Distribution) -> str:
    """Gives a package's licence as it declares it: the expression, else the classifier, else the first line of the old field."""
    about = package.metadata
    if expression := about.get("License-Expression"):
        return str(expression)
    classified = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
    classified = [one for one in classified if one != "OSI Approved"]
    return "; ".join(classified) or (about.get("License") or "not declared").strip().splitlines()[0][:60]


def hashes(name: str, version: str) -> list[str]:
    """Gives the SHA-256 of a version's files, as the pinned list has them."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(name)}=={re.escape(version)}\b.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    return sorted(re.findall(r"sha256:([0-9a-f]{64})", found[0])) if found else []


def bill(found: Found) -> dict[str, Any]:
    """Gives the bill of materials."""
    components = [component(name, package) for name, package in found.items() if name != "leadtime"]
    main = component("leadtime", found["leadtime"])
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components, sort_keys=True))
    depends = [{"ref": reference(name, package), "dependsOn": sorted(directly(package, found))} for name, package in found.items()]
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{serial}", "version": 1,
        "metadata": {"component": {**main, "type": "application"}},
        "components": components, "dependencies": depends,
    }  # fmt: skip


def component(name: str, package: metadata.Distribution) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "library", "bom-ref": reference(name, package), "name": name, "version": package.version,
        "licenses": [{"license": {"name": licence(package)}}], "purl": reference(name, package),
    }  # fmt: skip
    known = hashes(name, package.version)
    if known:
        made["properties"] = [{"name": "leadtime:pinned:sha256", "value": one} for one in known]
    return made


def reference(name: str, package: metadata.Distribution) -> str:
    return f"pkg:pypi/{name}@{package.version}"


def directly(package: metadata.Distribution, found: Found) -> Iterator[str]:
    names = {canonicalize_name(Requirement(one).name) for one in package.requires or []}
    return (reference(name, found[name]) for name in names if name in found)


def weaknesses(found: Found, known: Any) -> list[str]:
    """Gives what a file of advisories (OSV) says of the installed versions."""
    told = []
    for advisory in known if isinstance(known, list) else [known]:
        for affected in advisory.get("affected", []):
            of = affected.get("package", {})
            name = canonicalize_name(of.get("name", ""))
            if of.get("ecosystem") == "PyPI" and name in found and is_affected(found[name].version, affected):
                told.append(f"{name} {found[name].version}: {advisory.get('id')}: {advisory.get('summary', '')}".strip(": "))
    return sorted(told)


def is_affected(version: str, affected: dict[str, Any]) -> bool:
    """Whether a version is named, or lies in a range."""
    spans = [span["events"] for span in affected.get("ranges", []) if span.get("type") == "ECOSYSTEM"]
    return version in affected.get("versions", []) or any(lies_within(Version(version), events) for events in spans)


def lies_within(version: Version, events: list[dict[str, str]]) -> bool:
    """From `introduced` on, before `fixed`, up to `last_affected`; the events stand in order."""
    within = False
    for event in events:
        kind, bound = next(iter(event.items()))
        if kind == "introduced":
            within = within or version >= Version(bound)
        elif kind == "fixed":
            within = within and version < Version(bound)
        elif kind == "last_affected":
            within = within and version <= Version(bound)
    return within


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=str(ROOT / "build" / "sbom.json"))
    parser.add_argument("--known", help="a file of advisories in the OSV format")
    asked = parser.parse_args()
    found = needed()
    print(f"{'package':<22} {'version':<12} licence")
    for name, package in found.items():
        print(f"{name:<22} {package.version:<12} {licence(package)}")
    out = Path(asked.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(bill(found), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"Written: {out}")
    told = weaknesses(found, json.loads(Path(asked.known).read_text(encoding="utf-8"))) if asked.known else []
    print(*told, sep="\n")
    sys.exit(bool(told))


if __name__ == "__main__":
    main()
