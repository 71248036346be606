"""The report of an import, and the file of refused rows that can be mended and imported again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from kontora.records.transfer.issues import Issue, Severity
from kontora.records.transfer.table import PROBLEM_COLUMN
from kontora.records.transfer.writers import CsvWriter, Writer
from kontora.text import _

MOST_KEPT = 10_000


class Report:
    """The issues of one run. Beyond `most` they are only counted, so that memory stays bounded."""

    def __init__(self, *, most: int = MOST_KEPT) -> None:
        self.issues: list[Issue] = []
        self.counts: Counter[Severity] = Counter()
        self._most = most

    def add(self, *issues: Issue) -> None:
        for issue in issues:
            self.counts[issue.severity] += 1
            if len(self.issues) < self._most:
                self.issues.append(issue)

    @property
    def complete(self) -> bool:
        """Are all the issues that were counted also kept?"""
        return self.counts.total() == len(self.issues)


class MendingFile:
    """A CSV of the rows that were refused, with all their columns and what is wrong with each.

    Mended in any spreadsheet it can be imported with the same mapping: an import passes over
    the column of problems.
    """

    def __init__(self, file: BinaryIO, columns: Sequence[str]) -> None:
        self._writer = CsvWriter(file)
        self._columns = tuple(columns)
        self.rows = 0
        self._writer.write_header([*self._columns, PROBLEM_COLUMN])

    def add(self, cells: Mapping[str, Any], issues: Iterable[Issue]) -> None:
        """Write one refused row; `issues` are those of this row."""
        values = [cells.get(column, "") for column in self._columns]
        self._writer.write_row([*values, problem_text(issues)])
        self.rows += 1

    def close(self) -> None:
        self._writer.close()


def problem_text(issues: Iterable[Issue]) -> str:
    """What is wrong with a row, in one text: `phone: not a number; …`."""
    parts = []
    for issue in issues:
        reason = str(issue.reason)
        parts.append(f"{issue.column}: {reason}" if issue.column else reason)
    return " | ".join(parts)


def write_report(writer: Writer, issues: Iterable[Issue]) -> None:
    """Write issues as a table, headings and reasons in the language now in force."""
    names = {
        "changed": str(_("changed")),
        "refused": str(_("refused")),
        "left_out": str(_("left out")),
    }
    headings = (_("Row"), _("Column"), _("Value"), _("Reason"), _("What was done"), _("New value"))
    writer.write_header([str(heading) for heading in headings])
    for issue in issues:
        writer.write_row(
            [
                issue.row,
                issue.column,
                issue.value,
                str(issue.reason),
                names[issue.severity],
                issue.new_value,
            ]
        )
    writer.close()


__all__ = ["PROBLEM_COLUMN", "Issue", "MendingFile", "Report", "problem_text", "write_report"]
