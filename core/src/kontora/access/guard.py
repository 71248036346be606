"""Guards: each mapped class says, in `__guard__`, how its rows are protected.

Four ways exist, and a class without one cannot be used in a session:

- `record(...)`: rows belong to an owner and a branch; grants decide by verb and scope.
- `child(...)`: rows are visible with the record (or with both records) that they point to.
- `OPEN`: everyone signed in may read (branches, teams, names of users); writing takes a permit.
- `SYSTEM`: no session of a person reaches it; only named doors do (jobs, tokens, change log).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["record", "child", "open", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """A way to see a record through another: rows of `link` join `record` to `parent`."""

    link: type
    record: str
    parent: str
    entity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """How the rows of a mapped class are protected."""

    mode: Mode
    entity: str = ""
    kind: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    branch: str | None = None
    scoped_by_table: bool = False
    parents: tuple[tuple[str, str], ...] = ()
    via: tuple[Any, ...] = ()
    deleted: str | None = None

    def grant_keys(self) -> tuple[str, ...]:
        """The record types, as grants name them, that rows of this class can be."""
        return tuple(self.kinds.values()) or (self.entity,)

    def grant_key(self, record: Any) -> str:
        """The name under which grants speak of this very record."""
        if self.kind is None:
            return self.entity
        return self.kinds.get(getattr(record, self.kind), self.entity)


def record(
    entity: str,
    *,
    owner: str | None = "owner_id",
    branch: str | None = "branch_id",
    deleted: str | None = "deleted_at",
    via: tuple[Via, ...] = (),
) -> Guard:
    """Guard for a record of its own with owner and branch columns."""
    return Guard(mode="record", entity=entity, owner=owner, branch=branch, deleted=deleted, via=via)


def child(*parents: tuple[str, str]) -> Guard:
    """Guard for rows that hang on records: pairs of (attribute, entity); all must be visible."""
    return Guard(mode="child", parents=parents)


OPEN = Guard(mode="open")
SYSTEM = Guard(mode="system")
