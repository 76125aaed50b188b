"""A value stream as a report of its own: the steps of each state, the whole of them, and what the figures mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from leadtime.disclosure import HIDDEN
from leadtime.errors import DisclosureError, counted
from leadtime.log import EventLog
from leadtime.report.cover import is_synthetic
from leadtime.report.model import DIGITS, Block, Cell, Column, KeyFigure, Kind, Report, Section, TableBlock, TextBlock
from leadtime.report.scan import Guard
from leadtime.results import Table, Value
from leadtime.valuestream import ValueStream
from leadtime.words import Language, Words, format_duration, languages, words

__all__ = ["stream_report"]

THRESHOLD, FOR_TAILS = 5, 10  # cases that a figure must rest on, and a 10th or 90th percentile (DEFINITIONS 5.2)
_KINDS: dict[str, Kind] = {
    name: "figure" for name in ("wait_days", "process_days", "lead_time_days", "activity_ratio", "percent_complete_accurate")
}


def stream_report(stream: ValueStream, *, language: Language = "en", log: EventLog | None = None) -> Report:
    """Builds the report of a value stream, to be written as a workbook and a page.

    A stream that comes from a log is shown without its counts. Steps of fewer than 5 cases are left out, and with them the mean lead
    time, from which they could be told; percentiles need as many cases as in any report.

    Args:
        stream: the result of `value_stream`.
        language: of every word.
        log: the log that the stream comes from; the finished files are then scanned for anything of a single person.

    Raises:
        DisclosureError: fewer than 5 cases have finished.

    Source:
        DEFINITIONS 4.9, 5.2-5.3.

    >>> import pandas as pd, leadtime as lt
    >>> table = pd.DataFrame({"step": ["Referral", "Visit"], "process_likely": [1, 2], "wait_likely": [0, 37]})
    >>> print(stream_report(lt.value_stream(table)).headline)
    Lead time 40 days, of which 3 days are process time (activity ratio 7.5 %).
    """
    text = words(language)
    shown, hidden = _disclosed(stream)
    sections = [_state("current", shown, text, hidden)]
    if shown.future is not None:
        sections.append(_state("future", shown.future, text, ()))
    sections.append(_whole(shown, text, hidden))
    guard = (
        None if log is None else Guard(log, THRESHOLD, frozenset(), frozenset({step.step for step in stream.steps} | set(log.activities)))
    )
    return Report(
        title=text.say("value_stream.title_both" if shown.future else "value_stream.title"),
        language=language,
        profile="se-5" if stream.source == "log" else "internal",
        headline=_headline(shown, text, hidden),
        headlines=tuple((code, _headline(shown, words(code), hidden)) for code in languages()),
        notices=(text.say("notice.synthetic"),) if log is not None and is_synthetic(log) else (),
        key_figures=tuple(_keys(shown, text, hidden)),
        facts=tuple(_facts(shown, text)),
        sections=tuple(sections),
        disclosure=Table("disclosure", ("hidden",), tuple((step,) for step in hidden)),
        guard=guard,
    )


def _disclosed(stream: ValueStream) -> tuple[ValueStream, tuple[str, ...]]:
    """The stream as it may be shown, and the steps that may not."""
    if stream.source != "log":
        return stream, ()
    if (stream.cases or 0) < THRESHOLD:
        raise DisclosureError(
            f"only {counted(stream.cases or 0, 'case')} finished; a value stream of fewer than {THRESHOLD} isn't written, "
            "observe for longer"
        )
    # How many referrals a share is of isn't known here, and a few that bounced would tell of few children.
    kept = tuple(replace(step, complete_accurate=None) for step in stream.steps if (step.cases or 0) >= THRESHOLD)
    hidden = tuple(step.step for step in stream.steps if (step.cases or 0) < THRESHOLD)
    if (stream.cases or 0) < FOR_TAILS:
        return replace(stream, steps=kept, p10_days=None, p90_days=None), hidden
    return replace(stream, steps=kept), hidden


def _state(key: Literal["current", "future"], stream: ValueStream, text: Words, hidden: Sequence[str]) -> Section:
    """A state's steps as a table, with what they hang on."""
    names = ["step", "after", "wait_days", "process_days", "lead_time_days", "activity_ratio", "percent_complete_accurate", "critical"]
    if stream.source == "log":
        names = [name for name in names if name not in ("after", "percent_complete_accurate", "critical")]
    columns = tuple(Column(name, text.say(f"value_stream.column.{name}"), _KINDS.get(name, "text")) for name in names)
    records = stream.to_pandas().astype(object)
    rows = [
        tuple(_cell(_as_percent(name, record[name]), column.kind, text) for name, column in zip(names, columns, strict=True))
        for record in records.where(records.notna(), None).to_dict(orient="records")
    ]
    title = text.say(f"value_stream.{key if stream.source == 'workshop' else 'title'}")
    blocks: list[Block] = [TableBlock(f"stream_{key}", title, columns, tuple(rows))]
    if stream.critical_path:
        blocks.append(TextBlock((text.say("value_stream.critical", {"path": " - ".join(stream.critical_path)}),), "note"))
    if hidden:
        blocks.append(TextBlock((text.say("value_stream.hidden", {"n": THRESHOLD, "steps": text.integer(len(hidden))}),), "note"))
    return Section(key, title, tuple(blocks))


def _as_percent(name: str, value: Value) -> Value:
    return 100 * value if name == "activity_ratio" and isinstance(value, float) else value


def _cell(value: Value, kind: Kind, text: Words) -> Cell:
    """A cell as it is shown: what isn't known says so."""
    if value is None:
        return text.say("value_stream.not_known")
    if isinstance(value, bool):
        return text.say("value.yes" if value else "value.no")
    if isinstance(value, str):
        return value
    # A visit of an hour is 0.042 days, and a wait of years is not known to the hour.
    return round(float(value), 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else DIGITS[kind]) + 0.0


def _whole(stream: ValueStream, text: Words, hidden: Sequence[str]) -> Section:
    """The figures of the whole, of each state side by side, and what they mean."""
    title = text.say("value_stream.summary")
    records = stream.summary.records()
    names = [name for name in ("current", "future", "change") if name in records[0]]
    # Of a stream that has no future state the one column of figures is no state among others.
    labels = dict([("figure", "figure"), *((name, name if stream.future else "value") for name in names)])
    columns = tuple(
        Column(name, text.say(f"value_stream.column.{label}"), "text" if name == "figure" else "figure") for name, label in labels.items()
    )
    rows = []
    for record in records:
        figure = str(record["figure"])
        if all(record[name] is None for name in names) and (figure == "takt_days" or stream.source == "log"):
            continue  # what nobody asked for, or no log can tell
        values = [
            HIDDEN if hidden and figure == "lead_time_days" else _cell(_as_percent(figure, record[name]), "figure", text) for name in names
        ]
        rows.append((text.say(f"value_stream.figure.{figure}"), *values))
    method = text.say(f"value_stream.method_{stream.source}").split("\n")
    return Section("whole", title, (TableBlock("stream_whole", title, columns, tuple(rows)), TextBlock(tuple(method), "note")))


def _headline(stream: ValueStream, text: Words, hidden: Sequence[str]) -> str:
    """The whole in a sentence, and the future state in another."""
    said = [_sentence("headline", stream, text, hidden)]
    if stream.future is not None:
        said.append(_sentence("headline_future", stream.future, text, ()))
    return " ".join(said)


def _sentence(key: str, stream: ValueStream, text: Words, hidden: Sequence[str]) -> str:
    lead, process, ratio = stream.p50_days if hidden else stream.lead_time_days, stream.process_days, stream.activity_ratio
    values = {"lead": _duration(lead, text)}
    if process is None or ratio is None or hidden:
        return text.say(f"value_stream.{key}_unknown" if not hidden else "value_stream.headline_median", values)
    share = text.percent(ratio, digits=1 if ratio >= 0.001 else 3)
    return text.say(f"value_stream.{key}", {**values, "process": _duration(process, text), "ratio": share})


def _duration(days: float | None, text: Words) -> str:
    """Days in words; less than half a day in minutes or hours would be more than such a map knows, so it stays a part of a day."""
    if days is None:
        return text.say("value_stream.not_known")
    return text.count("unit.day", days, digits=2) if days < 1 else format_duration(days, language=text.language)


def _keys(stream: ValueStream, text: Words, hidden: Sequence[str]) -> Iterable[KeyFigure]:
    states = [("current", stream), *([("future", stream.future)] if stream.future else [])]
    for key, state in states:
        label = text.say(f"value_stream.{key}" if stream.future else "value_stream.figure.lead_time")
        spread = "" if None in (state.p10_days, state.p90_days) else text.say(
            f"value_stream.spread_{state.source}", {"p10": _duration(state.p10_days, text), "p90": _duration(state.p90_days, text)}
        )  # fmt: skip
        yield KeyFigure(label, _duration(state.p50_days if hidden else state.lead_time_days, text), spread)


def _facts(stream: ValueStream, text: Words) -> Iterable[tuple[str, str]]:
    if stream.draws:
        draws = {"draws": text.integer(stream.draws), "seed": str(stream.seed)}
        yield text.say("value_stream.simulated"), text.say("value_stream.draws", draws)
    if stream.cases:
        yield text.say("value_stream.based_on"), text.count("unit.case", stream.cases)
