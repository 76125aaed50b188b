"""The declared pathway: milestones, clock rules, exits, activity kinds and the design of a comparison, read from TOML.

A pathway knows no data. It is validated once, when read; what it names and the log lacks is for `cases` to say.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from leadtime.durations.rules import DateOrder, DateRules, SerialSystem
from leadtime.errors import InputError, PathwayError, UsageError, did_you_mean, one_line
from leadtime.ingest.settings import read_settings

__all__ = [
    "Activity",
    "Clock",
    "ComparisonDesign",
    "Exit",
    "Kind",
    "LogSettings",
    "Milestone",
    "Pathway",
    "Pause",
    "read_pathway",
]

Kind = Literal["value", "contact", "assessment", "intervention", "referral", "decision", "team", "admin", "consultation", "pause", "other"]


def _several(value: object) -> object:
    """One name may stand where a list is expected."""
    return (value,) if isinstance(value, str) else value


def _as_text(value: object) -> object:
    """TOML has dates of its own; here they are text, as on the command line."""
    return value.isoformat() if isinstance(value, (date, datetime)) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_several), Field(min_length=1)]
DateText = Annotated[str | None, BeforeValidator(_as_text)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Milestone(_Part):
    """A point that a case can reach: its activities, and which occurrence counts."""

    activities: Names
    rule: Literal["first", "last", "nth"] = "first"
    n: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _n_goes_with_nth(self) -> Milestone:
        if self.rule != "nth" and self.n != 1:
            raise ValueError(f"n = {self.n} goes with rule = 'nth', not with '{self.rule}'")
        return self


class Exit(_Part):
    """A way to leave before any stop: moved, declined, referral refused; its first event counts."""

    activities: Names
    rule: ClassVar[Literal["first"]] = "first"
    n: ClassVar[int] = 1


class Activity(_Part):
    """What an activity is: its kind, whether it adds value, its length where none is recorded, and what comes before it.

    `has_end` says that its events are intervals: where the end is missing, the time to the case's next event counts as unknown.
    """

    kind: Kind | None = None
    value_adding: bool = False
    minutes: float | None = Field(default=None, gt=0, le=24 * 60)
    after: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()
    has_end: bool = False


class Pause(_Part):
    """An interval in which the clock may stand still."""

    begin: Names
    end: Names
    reason: Literal["family", "medical"]


class Clock(_Part):
    """Which clock the cases are held against, and what sets it back.

    `restart` names activities from which the time counts anew; `nullify` those that make the start void, so that the clock runs again only
    from the next start or restart. `step` chooses among the limits of a preset, `limit_days` stands for all of them.
    """

    preset: Literal["rtt", "vardgaranti", "bup"] | None = None
    step: Literal["contact", "assessment", "visit", "treatment"] | None = None
    limit_days: int | None = Field(default=None, ge=0)
    restart: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()
    nullify: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()


class LogSettings(_Part):
    """How the log is read where the command line says nothing else.

    `date_order`, `year_pivot`, `seasons`, `turn_of_year` and `excel_serials` say what written dates leave open (`durations.DateRules`);
    `object_type` says what is a case in an object-centric log.
    """

    columns: Mapping[str, str] = Field(default_factory=dict)
    timezone: str | None = None
    observed_until: DateText = None
    sheets: Annotated[tuple[str, ...] | None, BeforeValidator(_several)] = None
    date_order: DateOrder | None = None
    year_pivot: int = Field(default=69, ge=0, le=99)
    seasons: Mapping[str, tuple[int, int]] = Field(default_factory=dict)
    turn_of_year: tuple[int, int] = (15, 15)
    excel_serials: SerialSystem | None = None
    object_type: str | None = None

    @model_validator(mode="after")
    def _dates_can_be_read(self) -> LogSettings:
        try:
            _ = self.date_rules
        except UsageError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def date_rules(self) -> DateRules:
        """What written dates leave open, as `read_log` takes it."""
        return DateRules(self.date_order, self.year_pivot, self.seasons, self.turn_of_year, self.excel_serials)


class ComparisonDesign(_Part):
    """The comparison that was declared before the figures were seen."""

    by: str | None = None
    before: str | None = None
    after: str | None = None
    break_date: DateText = None
    break_dates: Mapping[str, Annotated[str, BeforeValidator(_as_text)]] = Field(default_factory=dict)
    washout: int | None = Field(default=None, ge=0)
    site: str | None = None
    cohort_rule: Literal["start", "stop", "exclude", "split"] = "start"
    statistic: Literal["median", "restricted_mean"] = "median"
    tau: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_kind_of_break(self) -> ComparisonDesign:
        if self.break_date and self.break_dates:
            raise ValueError("break_date and break_dates are both given; keep the one date for all, or one for each site")
        return self


class Pathway(_Part):
    """A declared pathway, frozen; `sha256` names its content in a report."""

    name: str = Field(min_length=1)
    start: str
    stop: Names
    order: tuple[str, ...] = ()
    milestones: Mapping[str, Milestone] = Field(min_length=1)
    exits: Mapping[str, Exit] = Field(default_factory=dict)
    activities: Mapping[str, Activity] = Field(default_factory=dict)
    pauses: Mapping[str, Pause] = Field(default_factory=dict)
    clock: Clock = Field(default_factory=Clock)
    log: LogSettings = Field(default_factory=LogSettings)
    comparison: ComparisonDesign = Field(default_factory=ComparisonDesign)

    @model_validator(mode="after")
    def _names_hold_together(self) -> Pathway:
        known = list(self.milestones)
        for key, names in (("start", (self.start,)), ("stop", self.stop), ("order", self.order)):
            for name in names:
                if name not in self.milestones:
                    raise ValueError(f"{key} names the milestone '{name}', which isn't declared{did_you_mean(name, known)}")
        if self.start in self.stop:
            raise ValueError(f"'{self.start}' can't both start and stop the clock")
        for name in self.exits:
            if name in self.milestones:
                raise ValueError(f"'{name}' is both a milestone and an exit; rename one")
        return self

    @property
    def sha256(self) -> str:
        """A fingerprint of the declared content, equal for equal content."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def milestone_activities(self) -> frozenset[str]:
        """All activities that some milestone or exit names."""
        parts: list[Milestone | Exit] = [*self.milestones.values(), *self.exits.values()]
        return frozenset(activity for part in parts for activity in part.activities)

    def unknown_activities(self, present: Iterable[str]) -> tuple[str, ...]:
        """Gives the activities of a log that the pathway doesn't name, in order."""
        paused = {name for pause in self.pauses.values() for name in (*pause.begin, *pause.end)}
        declared = self.milestone_activities | set(self.activities) | paused | set(self.clock.restart) | set(self.clock.nullify)
        return tuple(sorted(set(present) - declared))


def read_pathway(source: str | os.PathLike[str] | Mapping[str, Any]) -> Pathway:
    """Reads a declared pathway from a TOML file, a mapping of the same shape, or the settings sheet of a workbook from a template.

    Args:
        source: path of a TOML file or of a workbook that `leadtime template` wrote (.xlsx), or the content as a mapping.

    Returns:
        The pathway, frozen.

    Raises:
        InputError: there is no such file, or a setting of the workbook is blank or isn't allowed (with sheet and cell).
        PathwayError: a key is unknown or missing, or a value isn't allowed; the message names file, key and what is allowed.

    Source:
        DEFINITIONS 2.1 (clock rules), 2.4 (pauses), 2.5 (design).

    >>> pathway = read_pathway({
    ...     "name": "Early help", "start": "detection", "stop": ["diagnosis"],
    ...     "milestones": {"detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}},
    ... })
    >>> pathway.stop
    ('diagnosis',)
    >>> read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {}, "strt": 1})
    Traceback (most recent call last):
    ...
    leadtime.errors.PathwayError: pathway: unknown key 'strt'; did you mean 'start'?
    """
    if isinstance(source, Mapping):
        return _validated(source, "pathway")
    path = Path(source)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return _of_settings(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"no pathway file '{path}'; give the path of a TOML file (`leadtime template` writes an example)") from None
    except IsADirectoryError:
        raise InputError(f"'{path}' is a folder; give the pathway file in it, for example '{path / 'pathway.toml'}'") from None
    except OSError as error:
        raise InputError(f"'{path}' can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise PathwayError(f"{path.name}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise PathwayError(f"{path.name}: not valid TOML: {one_line(str(error))}") from None
    return _validated(content, path.name)


def _of_settings(path: Path) -> Pathway:
    """The pathway that the settings sheet of a workbook declares."""
    settings = read_settings(path)
    if settings is None:
        raise InputError(f"'{path}' has no sheet of settings; give a TOML file, or a workbook that `leadtime template` wrote")
    return _validated(settings.pathway(), f"{path.name}, sheet '{settings.sheet}'")


def _validated(content: Mapping[str, Any], where: str) -> Pathway:
    try:
        return Pathway.model_validate(content)
    except ValidationError as error:
        problems = error.errors()
        # An unknown key is the likeliest slip and often causes the "missing" beside it, so it is told first.
        first = min(problems, key=lambda problem: problem["type"] != "extra_forbidden")
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 and first["type"] != "extra_forbidden" else ""
        raise PathwayError(f"{where}: {_told(first, content)}{more}") from None


def _told(problem: Any, content: Mapping[str, Any]) -> str:
    """One problem in words: the key, what is wrong with it, what is allowed."""
    place = [str(part) for part in problem["loc"] if part not in ("function-before", "tuple")]
    key = ".".join(place)
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{key}'{did_you_mean(place[-1], _allowed(place[:-1]))}"
    if problem["type"] == "missing":
        return f"the key '{key}' is missing; it is required"
    if problem["type"] == "literal_error":
        return f"{key} = {problem['input']!r} isn't allowed; use {problem['ctx']['expected']}"
    message = one_line(str(problem["msg"]).removeprefix("Value error, "))
    return f"{key}: {message}" if key else message


def _allowed(place: list[str]) -> list[str]:
    """The keys that a part of the file may hold."""
    model: type[BaseModel] = Pathway
    for part in place:
        field = model.model_fields.get(part)
        if field is None:
            continue  # the name of a milestone, exit, activity or pause
        models = [
            kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type) and issubclass(kind, BaseModel)
        ]
        if models:
            model = models[0]
    return list(model.model_fields)
