"""A report as one self-contained page: inline style and drawings, a strict content policy, no script, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from leadtime.report.model import ChartBlock, Report, TableBlock, TextBlock
from leadtime.report.texts import cleaned
from leadtime.words import words

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["fragment", "page"]


def page(report: Report) -> str:
    """Gives the whole page."""
    return _rendered("page.html", report)


def fragment(report: Report) -> str:
    """Gives the report for a notebook: the same content and style, within an element of its own."""
    return _rendered("fragment.html", report)


@cache
def _environment() -> Environment:
    from jinja2 import BaseLoader, Environment, StrictUndefined

    class Shipped(BaseLoader):
        """The templates beside this module."""

        def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:
            return _shipped(template), None, None

    return Environment(loader=Shipped(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _shipped(name: str) -> str:
    return resources.files("leadtime.report").joinpath("templates", name).read_text(encoding="utf-8")


def _rendered(template: str, report: Report) -> str:
    from markupsafe import Markup

    from leadtime.report.svg import drawn

    report = cleaned(report)
    style = _shipped("report.css")
    tables = {table.name: table for table in report.tables}
    return (
        _environment()
        .get_template(template)
        .render(
            report=report,
            say=lambda key: words(report.language).say(key),
            style=Markup(style),  # noqa: S704 - our own file
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            kind_of=_kind,
            drawn=lambda chart: Markup(drawn(chart)),  # noqa: S704 - every text in it is escaped where it is drawn
            behind=lambda chart: tables.get(chart.table),
            charted={chart.table for section in report.sections for chart in section.charts},
            sentences=_sentences(report.headline),
        )
    )


def _kind(block: object) -> str:
    return {TextBlock: "text", TableBlock: "table", ChartBlock: "chart"}[type(block)]


def _sentences(text: str) -> list[str]:
    """The headline in two: what changed, and what must be known with it."""
    first, stop, rest = text.partition(". ")
    return [first + stop.strip(), rest] if rest else [text]
