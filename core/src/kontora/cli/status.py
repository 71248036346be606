"""How a command ends: the exit status, and one or two sentences for each kind of error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from kontora.errors import Invalid, KontoraError

DONE, FAILED, WRONG_USAGE = 0, 1, 2


@contextmanager
def end() -> Iterator[None]:
    """Turn whatever the block does into an exit status: 0, 1 (failed) or 2 (wrong usage)."""
    try:
        yield
    except click.UsageError as error:
        error.show()
        status = WRONG_USAGE
    except click.ClickException as error:
        error.show()
        status = FAILED
    except click.exceptions.Exit as error:
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("Interrupted.")
        status = FAILED
    except BrokenPipeError:
        status = _reader_has_gone()
    except KontoraError as error:
        _show_cause(error)
        _say(f"Error: {sentences(error)}")
        status = FAILED
    except Exception as error:
        _show_cause(error)
        _say(f"Error: {_unexpected(error)}")
        status = FAILED
    else:
        status = DONE
    sys.exit(status)


def sentences(error: KontoraError) -> str:
    """The message of an error and its remedy; the texts of wrong input with their fields."""
    if isinstance(error, Invalid):
        lines = [f"{path}: {' '.join(map(str, texts))}" for path, texts in error.errors.items()]
        return "\n       ".join(lines) or str(error.message)
    return str(error)


def _unexpected(error: Exception) -> str:
    """One line for an error that nobody foresaw; database errors come without their statement."""
    cause = getattr(error, "orig", None) or error
    first = (str(cause).strip().splitlines() or [""])[0]
    return f"{type(cause).__name__}: {first} Run it with `kontora --verbose` to see more."


def _show_cause(error: BaseException) -> None:
    """Print the trace when `--verbose` was given, and only then."""
    from kontora.cli import logs

    if logs.is_verbose():
        import traceback

        traceback.print_exception(error, file=sys.stderr)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _reader_has_gone() -> int:
    """`kontora … | head` ends early: say nothing, and keep the interpreter from complaining."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
