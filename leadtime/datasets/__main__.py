"""Rebuilds the sample folders: `python -m leadtime.datasets data_samples`."""

from __future__ import annotations

import sys
from pathlib import Path

from leadtime.datasets.files import SAMPLE, write_sample

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Writes all samples below the folder named; 0 when done, 2 when called wrongly."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m leadtime.datasets FOLDER (for example: data_samples)\n")
        return 2
    for path in write_sample(Path(arguments[0]) / SAMPLE):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
