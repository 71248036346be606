"""What a row of a file becomes before anything is looked up or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kontora.records.transfer.cleaned import Cleaned
from kontora.records.transfer.issues import Issue, Severity
from kontora.text import Text, _

LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a file is imported. `mapping` None: by guess, or by the records that the file carries.

    `region` is the ISO code of the country of phone numbers that are written without one.
    `on_duplicate` is create, skip, update or ask.
    """

    mapping: dict[str, str] | None = None
    on_duplicate: str = "create"
    historic: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    has_header: bool | None = None
    sheet: str | int | None = None
    region: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The options as they are kept with a run, and compared by `--resume last`."""
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__}
        # As pairs: PostgreSQL does not keep the order of an object, and texts join in it.
        kept["mapping"] = None if self.mapping is None else [*map(list, self.mapping.items())]
        return kept

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> ImportOptions:
        """The options of a run; what is unknown to this version is passed over."""
        known = {name: kept[name] for name in cls.__dataclass_fields__ if name in kept}
        if known.get("mapping") is not None:
            known["mapping"] = dict(known["mapping"])
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A reference as the file writes it: by name, e-mail or key. `place` is its field path."""

    place: str
    text: str
    target: str
    target_kind: str | None = None
    column: str = ""
    many: bool = False


def in_words(value: object) -> str:
    """A value as a person reads it: `100.00 EUR`, `gold, silver`, `true`; parts of a row by
    commas."""
    if isinstance(value, Mapping):
        if value.keys() == {"amount", "currency"}:
            return f"{value['amount']} {value['currency']}"
        return ", ".join(in_words(each) for each in value.values() if each not in (None, ""))
    if isinstance(value, list | tuple):
        return ", ".join(in_words(each) for each in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


@dataclass(slots=True, kw_only=True)
class Affiliation:
    """A place in an organisation as a row tells it; the organisation and the boss are texts."""

    facts: dict[str, Any] = field(default_factory=dict)
    organisation: Link | None = None
    reports_to: Link | None = None

    def __bool__(self) -> bool:
        return bool(self.facts or self.organisation or self.reports_to)


@dataclass(slots=True, kw_only=True)
class Assembled:
    """One row as data in the shape of the API, with what is to be looked up beside it."""

    number: int
    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    affiliations: list[Affiliation] = field(default_factory=list)
    created_at: str | None = None
    issues: list[Issue] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    beside: dict[str, tuple[str, str]] = field(default_factory=dict)

    def report(
        self,
        column: str,
        value: object,
        reason: Text,
        severity: Severity = "left_out",
        new_value: object = "",
    ) -> None:
        """Note what was changed, left out or refused."""
        shown = in_words(value)
        short = shown if len(shown) <= LONGEST_SHOWN else shown[:LONGEST_SHOWN] + "…"
        made = Issue(
            row=self.number,
            column=column,
            value=short,
            reason=reason,
            severity=severity,
            new_value=in_words(new_value)[:LONGEST_SHOWN],
        )
        self.issues.append(made)

    def take(self, column: str, text: str, cleaned: Cleaned[Any]) -> Any:
        """The cleaned value, after a note when it differs from the file or is left out."""
        if cleaned.value is None:
            self.report(column, text, cleaned.problem)
        elif cleaned.problem or (cleaned.changed and in_words(cleaned.value) != text):
            reason = cleaned.problem or _("The value was brought into its usual form.")
            self.report(column, text, reason, "changed", cleaned.value)
        return cleaned.value

    def place(self, path: str, value: Any, column: str) -> None:
        """Set a field; `hello.score` goes into its namespace."""
        space, _dot, last = path.rpartition(".")
        inside = self.data.setdefault(space, {}) if space else self.data
        inside[last] = value
        self.columns[path] = column

    def append(self, path: str, row: Any, column: str) -> None:
        """Add a row to a collection, unless the very same is there."""
        rows = self.data.setdefault(path, [])
        if row not in rows:
            self.columns[f"{path}.{len(rows)}"] = column
            rows.append(row)
