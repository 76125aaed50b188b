"""Writes docs/api.md from the package's public names: `python docs/api.py`; a test keeps the page true."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

import leadtime

PAGE = Path(__file__).with_name("api.md")


def page() -> str:
    """Gives the page: each public name where it is defined, modules with their own names."""
    lines = ["# API", "", "Every public name, `import leadtime as lt`.", ""]
    modules = {name: getattr(leadtime, name) for name in leadtime.__all__ if isinstance(getattr(leadtime, name), ModuleType)}
    lines += ["## lt", ""]
    for name in leadtime.__all__:
        if name not in modules:
            lines += [f"::: {home(getattr(leadtime, name), name)}", ""]
    for name, module in modules.items():
        lines += [f"## lt.{name}", ""]
        for member in module.__all__:
            if inspect.isroutine(getattr(module, member)) or inspect.isclass(getattr(module, member)):
                lines += [f"::: {home(getattr(module, member), member)}", ""]
    return "\n".join(lines)


def home(value: object, name: str) -> str:
    """Gives the path at which a name is defined."""
    return f"{inspect.getmodule(value).__name__}.{name}"  # type: ignore[union-attr]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
