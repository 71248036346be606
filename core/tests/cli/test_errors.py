"""Every failure is a sentence or two on standard error, and an exit status."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from kontora.cli.main import cli

Process = Callable[..., Any]


def fails(done: Any, status: int = 1) -> str:
    """The one message of a failed command, after looking that it is nothing worse."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout == ""
    text: str = done.stderr
    assert len(text.splitlines()) < 6
    return text


def test_before_init_every_command_says_what_to_do(inside: Process) -> None:
    for command in (("user", "list"), ("plugin", "list"), ("serve",), ("worker",), ("upgrade",)):
        message = fails(inside(*command))
        assert message == "Error: There is no database yet. Run `kontora init` first.\n"


def test_a_database_that_is_away(inside: Process) -> None:
    url = "postgresql://nobody:secret@127.0.0.1:1/none"
    message = fails(inside("user", "list", KONTORA_DATABASE_URL=url))
    assert "cannot be reached" in message
    assert "secret" not in message


def test_a_file_that_is_no_database(inside: Process, home: Path) -> None:
    (home / "kontora.sqlite3").write_bytes(b"This is a letter to a friend. " * 400)
    assert "not a database" in fails(inside("user", "list"))


def test_an_unknown_kind_of_database(inside: Process) -> None:
    assert "“mysql”" in fails(inside("user", "list", KONTORA_DATABASE_URL="mysql://host/x"))


def test_a_home_that_cannot_be_made(inside: Process) -> None:
    message = fails(inside("init", KONTORA_HOME="/proc/nowhere"))
    assert "KONTORA_HOME" in message


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("user", "add"),
        ("user", "add", "a@example.org", "--colour", "red"),
        ("serve", "--port", "seventy"),
        ("init", "--admin-password", "abcdefghijk"),
        ("report", "run", "x", "--format", "pdf"),
    ],
)
def test_wrong_usage_is_status_two(inside: Process, arguments: tuple[str, ...]) -> None:
    inside("init")
    assert "Error:" in fails(inside(*arguments), 2)


def test_a_schema_of_the_future_is_not_served(inside: Process, home: Path) -> None:
    from sqlalchemy import MetaData, Table, update

    from kontora.db.engine import Database

    inside("init")
    database = Database(f"sqlite:///{home / 'kontora.sqlite3'}")
    with database.write_engine.begin() as connection:
        version = Table("core_alembic_version", MetaData(), autoload_with=connection)
        connection.execute(update(version).values(version_num="core_9999_tomorrow"))
    database.dispose()
    assert "core_9999_tomorrow" in fails(inside("serve"))


def test_help_imports_no_command() -> None:
    program = (
        "import sys\nfrom kontora.cli.main import cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'sqlalchemy', 'alembic', 'flask', 'rich', 'structlog'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))


def test_every_command_and_option_is_explained() -> None:
    for path in _commands(cli):
        command: click.Command = cli
        for name in path:
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), name)
            assert found is not None
            command = found
        assert command.help, path
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, (path, option.name)
