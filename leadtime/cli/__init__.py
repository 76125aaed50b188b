"""The command line: arguments in, public functions called, one clear line on error. One module a command.

Exit codes: 0 done, 1 the data or the pathway are at fault, `check` found errors, or the system refused a file, 2 the call is at fault,
130 Ctrl-C, 70 a bug.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer

from leadtime.cli.checking import check
from leadtime.cli.describing import describe
from leadtime.cli.mapping import valuestream
from leadtime.cli.pseudonymising import pseudonymise
from leadtime.cli.reporting import demo, report
from leadtime.cli.shared import say
from leadtime.cli.templates import template
from leadtime.errors import LeadtimeError, one_line

__all__ = ["app", "main", "run"]

_STOPPED = 130
_SELDOM = 200

app = typer.Typer(
    name="leadtime",
    help="Lead times and waste from event logs: unfinished cases counted, uncertainty shown, no person revealed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for verb, example in (
    (report, "report events.xlsx --pathway pathway.toml --before before --after after --out reports"),
    (check, "check events.xlsx --pathway pathway.toml"),
    (describe, "describe events.csv --pathway pathway.toml"),
    (pseudonymise, "pseudonymise events.csv --out hidden.csv --key-file key.txt --new-key --drop Anteckning"),
    (valuestream, "valuestream map.xlsx --out reports"),
    (template, "template --out my_events.xlsx --language sv"),
    (demo, "demo --out demo"),
):
    app.command(epilog=f"Example:  leadtime {example}")(verb)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from leadtime import __version__

        typer.echo(f"leadtime {__version__}")
        raise typer.Exit


@app.callback()
def _all(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop", is_eager=True, callback=_version)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a bug")] = False,
) -> None:
    """Lead times and waste from event logs."""


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Looks for garbage that holds itself less often: a command is soon over, and each look goes through all that was loaded."""
    before = gc.get_threshold()
    gc.set_threshold(_SELDOM * before[0], *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@_collecting_seldom()
def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and gives its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(args=given, standalone_mode=False)
        if code == _STOPPED:  # typer has taken Ctrl-C and says nothing
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except LeadtimeError as error:
        return _failed(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _failed("stopped", _STOPPED)
    except Exception as error:
        # typer's own usage errors carry their message and code, whichever click it is built on.
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            return _failed(f"{error.format_message()} See 'leadtime --help'.", int(error.exit_code))
        if "--debug" in given:
            traceback.print_exc()
        if isinstance(error, OSError):
            return _failed(_refused(error), 1)
        return _failed(f"a bug in leadtime: {type(error).__name__}: {error} (run again with --debug and report it)", 70)


def run() -> NoReturn:
    """Runs the command line as a program of its own, and ends that at once.

    Python would take all that was loaded apart, piece by piece, before the system does so in one go; for a small log that is a tenth of
    the whole. What must be done at the end is done: what was registered for it (folders are removed) and the output.
    """
    # To find plugins pydantic would go through all packages installed; none has a say in how a pathway is read.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    code = main()
    # There is no public way to run them: an os._exit registered here would come before what was registered earlier, and leave it out.
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except OSError:  # nobody reads the output any more, which Python has its own way of telling
        sys.exit(code)
    os._exit(code)


def _refused(error: OSError) -> str:
    """What the system says of a file, where no room has said more: a folder that can't be looked into, a disk that fails midway."""
    what = f"'{error.filename}'" if isinstance(error.filename, str) else "a file"
    return (
        f"{what} can't be read or written: {error.strerror or type(error).__name__}; look at the rights, at the disk and at the room there"
    )


def _failed(message: str, code: int) -> int:
    say(f"leadtime: {one_line(message)}", err=True)
    return code
