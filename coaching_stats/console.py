"""The console: the one application that all commands belong to, its progress and its refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

import typer

from coaching_stats.errors import CoachingStatsError

PATIENCE = 2.0  # seconds

app = typer.Typer(
    help="Does process rigidity predict unwillingness to coach?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@contextmanager
def progress(doing: str) -> Iterator[None]:
    """Say on stderr what is going on, if it takes longer than two seconds."""
    timer = Timer(PATIENCE, typer.echo, [f"{doing} ..."], {"err": True})
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def guarded(command: Callable[[], object]) -> int:
    """Run a command; a refusal becomes one message on stderr and exit code 2.

    Parameters
    ----------
    command : callable without arguments

    Returns
    -------
    int
        The exit code.
    """
    try:
        command()
    except CoachingStatsError as refusal:
        typer.echo(str(refusal), err=True)
        return 2
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    return 0
