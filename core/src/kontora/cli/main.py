"""The command `kontora`: its table of commands, and how every error ends.

`--help` imports no command: the table names where each one is and what it is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from kontora.cli.lazy import Entry, LazyGroup
from kontora.cli.status import end

PROGRAM = "kontora"
COMMANDS = {
    "init": Entry("kontora.cli.site:init", "Make the database and the first administrator."),
    "sample": Entry("kontora.cli.site:sample_group", "Remove the fictional company."),
    "serve": Entry("kontora.cli.serving:serve", "Serve the pages and the API, with a worker."),
    "worker": Entry("kontora.cli.serving:worker", "Run jobs until it is told to end."),
    "upgrade": Entry("kontora.cli.site:upgrade", "Bring the tables up to date."),
    "doctor": Entry("kontora.cli.checks:doctor", "Look for what is wrong, and say what to do."),
    "config": Entry("kontora.cli.checks:config", "Show the settings in force, without secrets."),
    "openapi": Entry("kontora.cli.checks:openapi", "Print the description of the API."),
    "plugin": Entry("kontora.cli.plugins:plugin", "List, enable and disable plugins."),
    "user": Entry("kontora.cli.people:user", "Add, disable and list users."),
    "token": Entry("kontora.cli.people:token", "Make API tokens."),
    "import": Entry("kontora.cli.transfer:import_command", "Import records from a file."),
    "export": Entry("kontora.cli.transfer:export_command", "Export records to a file."),
    "report": Entry("kontora.cli.reports:report", "List and run reports."),
    "privacy": Entry("kontora.cli.privacy:privacy", "Export or erase all data of one person."),
    "audit": Entry("kontora.cli.privacy:audit", "Export the audit log."),
    "search": Entry("kontora.cli.searching:search", "Look after the search index."),
    "backup": Entry("kontora.cli.backups:backup", "Write database and files to one archive."),
    "restore": Entry("kontora.cli.backups:restore", "Bring an archive of `backup` back."),
}


class Root(LazyGroup):
    """The top group. It ends the process with status 0, 1 (failed) or 2 (wrong usage)."""

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run one command. Never shows a stack trace, unless `--verbose` asks for it."""
        extra.update(standalone_mode=False)
        extra.setdefault("prog_name", PROGRAM)
        with end():
            return super().main(args, **extra)


@click.command(
    cls=Root,
    entries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("-v", "--verbose", is_flag=True, help="Say more, and show where an error arose.")
@click.version_option(package_name="kontora", prog_name=PROGRAM)
def cli(verbose: bool) -> None:
    """Kontora, a CRM that a company assembles from modules.

    The data folder is KONTORA_HOME (./var), the database KONTORA_DATABASE_URL (SQLite in it).
    """
    from kontora.cli.logs import configure

    configure(verbose=verbose)


def main() -> None:
    """Entry point of the program `kontora`."""
    cli.main()
