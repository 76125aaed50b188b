"""Rebuilds the synthetic samples, byte for byte: `python data_samples/build.py` for all, or the folders to make.

Each folder's `make.py` has `make(draws)`, which gives the files and what is known about them because they were made.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from writing import Draws, known_file

HERE = Path(__file__).resolve().parent
SEED = 2019


def makers() -> list[str]:
    return sorted(path.parent.name for path in HERE.glob("*/make.py"))


def made(folder: str) -> dict[str, bytes]:
    """The files of a sample by name."""
    files, known = _module(folder).make(Draws(SEED))
    return {**files, "known.json": known_file(known)}


def _module(folder: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"sample_{folder}", HERE / folder / "make.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"no folder '{folder}' with a make.py; there are {', '.join(makers())}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(folders: list[str]) -> None:
    for folder in folders or makers():
        for name, content in made(folder).items():
            (HERE / folder / name).write_bytes(content)
            print(f"{folder}/{name}: {len(content)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
