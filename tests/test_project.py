"""The project's own promises: typed, documented, nothing of a developer's machine in it, and its lists agree."""

from __future__ import annotations

import importlib.metadata
import inspect
import re
import shutil
import subprocess
import tomllib

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import leadtime

LISTS = ("requirements.txt", "requirements-dev.txt")
# A path of someone's home or machine, or the host of a package index; spelt so that this file doesn't match itself.
OF_A_MACHINE = re.compile(
    "(/wo" "rk/|/ro" "ot/|/ho" "me/[a-z]|/Use" "rs/|/tm" r"p/[a-z]|C:\\Use" "rs|py" r"pi\.org|python" r"hosted\.org|deb\.de" r"bian\.org)"
)
TEXT = {".cfg", ".css", ".csv", ".html", ".in", ".ipynb", ".json", ".md", ".py", ".svg", ".toml", ".tsv", ".txt", ".yaml", ".yml", ""}
# sys_platform, os_name, platform_system
SYSTEMS = (("linux", "posix", "Linux"), ("darwin", "posix", "Darwin"), ("win32", "nt", "Windows"))


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pinned(path):
    """Gives name -> version of a list with hashes."""
    found = re.findall(r"^([a-z0-9._-]+)==(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def of_the_project(root):
    """Gives the files of the repository: what git tracks or would track; everything outside hidden folders where there is no git."""
    git = shutil.which("git")
    if git and (root / ".git").exists():
        listed = subprocess.run(
            [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=root, capture_output=True, check=True
        )
        return [root / name for name in listed.stdout.decode().split("\0") if name and (root / name).is_file()]
    return [
        path for path in root.rglob("*") if path.is_file() and not any(part.startswith(".venv") or part == ".git" for part in path.parts)
    ]


def test_the_package_is_marked_as_typed(root):
    assert (root / "leadtime" / "py.typed").is_file()


def test_the_version_stands_in_two_places_and_is_one(project):
    assert leadtime.__version__ == project["version"]


@pytest.mark.parametrize("name", leadtime.__all__)
def test_every_public_name_says_what_it_is(name):
    thing = getattr(leadtime, name)
    assert (inspect.getdoc(thing) or "").strip(), f"leadtime.{name} has no docstring"


@pytest.mark.parametrize("name", leadtime.__all__)
def test_every_public_function_shows_an_example(name):
    thing = getattr(leadtime, name)
    if inspect.isfunction(thing):
        assert ">>>" in (inspect.getdoc(thing) or ""), f"leadtime.{name} shows no example"
    else:
        assert inspect.isclass(thing) or inspect.ismodule(thing)


def test_no_file_names_a_machine(root):
    found = []
    for path in of_the_project(root):
        if path.suffix in TEXT:
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
                if OF_A_MACHINE.search(line):
                    found.append(f"{path.relative_to(root)}:{number}")
    assert found == []


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_versions_has_hashes_and_no_address(root, name):
    lines = (root / name).read_text(encoding="utf-8").splitlines()
    entries = [i for i, line in enumerate(lines) if line and line[0].isalnum()]
    assert len(entries) > 10
    assert all(lines[i + 1].lstrip().startswith("--hash=sha256:") for i in entries)
    assert [line for line in lines if "://" in line or line.startswith("-")] == []


def test_the_two_lists_agree_and_hold_every_dependency(root, project):
    core, dev = (pinned(root / name) for name in LISTS)
    assert {name: dev.get(name) for name in core} == core
    extras = project["optional-dependencies"]
    for needed, versions in ((project["dependencies"], core), ([*extras["dev"], *extras["frames"], *extras["fast-excel"]], dev)):
        for requirement in map(Requirement, needed):
            assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_versions_is_complete_on_every_system(root, name):
    """With hashes, pip refuses a dependency that the list doesn't hold, so one that only Windows needs must stand there too."""
    versions = pinned(root / name)
    missing = set()
    for package in versions:
        try:
            distribution = importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError:
            continue  # not of this environment
        if distribution.version != versions[package]:
            continue  # `make test-oldest` and `make test-newest` install others
        for requirement in map(Requirement, distribution.requires or []):
            needed = canonicalize_name(requirement.name)
            if needed not in versions and needed_somewhere(requirement.marker):
                missing.add(f"{package} needs {requirement}")
    assert missing == set()


def needed_somewhere(marker: Marker | None) -> bool:
    if marker is None:
        return True
    for python in ("3.11", "3.12", "3.13"):
        for sys_platform, os_name, platform_system in SYSTEMS:
            values = {"sys_platform": sys_platform, "os_name": os_name, "platform_system": platform_system, "extra": ""}
            versions = {"python_version": python, "python_full_version": f"{python}.1"}
            if marker.evaluate({**default_environment(), **values, **versions}):
                return True
    return False


def test_the_oldest_versions_are_the_lower_bounds(root, project):
    oldest = {
        canonicalize_name(requirement.name): next(iter(requirement.specifier)).version
        for requirement in map(
            Requirement, re.findall(r"^[a-z].*$", (root / "constraints-oldest.txt").read_text(encoding="utf-8"), re.MULTILINE)
        )
    }
    extras = project["optional-dependencies"]
    of_extras = [line for name, lines in extras.items() if name not in ("dev", "docs") for line in lines]  # those two are tools
    assert len(of_extras) > 8
    for requirement in map(Requirement, [*project["dependencies"], *of_extras]):
        if requirement.marker is None:
            bound = next(iter(requirement.specifier))
            assert bound.operator == ">="
            assert Version(oldest[canonicalize_name(requirement.name)]) == Version(bound.version), requirement.name


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md", "docs", "data_samples"])
def test_every_make_verb_that_a_page_names_is_there(root, page):
    verbs = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    pages = [root / page] if (root / page).is_file() else sorted((root / page).rglob("*.md"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    named = {verb for pair in re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)", text, re.MULTILINE) for verb in pair if verb}
    assert named <= verbs
    if page in {"README.md", "CONTRIBUTING.md"}:
        assert {"report", "test"} <= named


def test_a_pages_links_to_the_repository_lead_somewhere(root):
    broken = []
    for path in of_the_project(root):
        if path.suffix == ".md":
            for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
                if "://" not in target and not (path.parent / target).exists():
                    broken.append(f"{path.relative_to(root)}: {target}")
    assert broken == []
