"""Guards: each mapped class says, in `__guard__`, how its rows are protected.

Five ways exist, and a class without one cannot be used in a session:

- `record(...)`: rows belong to an owner and a branch; grants decide by verb and scope.
- `child(...)`: rows are visible with the record (or with both records) that they point to.
- `attached(...)`: rows name, by type and id, one record of any type, and are visible with it.
- `OPEN`: everyone signed in may read (branches, teams, names of users); writing takes a permit.
- `SYSTEM`: no session of a person reaches it; only named doors do (jobs, tokens, change log).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["record", "child", "attached", "open", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """A way to see a record through another: rows of `link` join `record` to `parent`. The other
    is of `entity`, or of any type: then `holder` names the column that says which."""

    link: type
    record: str
    parent: str
    entity: str = ""
    holder: str | None = None


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
    holder: tuple[str, str] | None = None
    via: tuple[Any, ...] = ()
    deleted: str | None = None
    shared: str | None = None

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
    shared: str | None = None,
) -> Guard:
    """Guard for a record of its own with owner and branch columns. `shared` names a column: where
    it is true, all who may view such records at all see the row."""
    return Guard(
        mode="record",
        entity=entity,
        owner=owner,
        branch=branch,
        deleted=deleted,
        via=via,
        shared=shared,
    )


def child(*parents: tuple[str, str]) -> Guard:
    """Guard for rows that hang on records: pairs of (attribute, entity); all must be visible."""
    return Guard(mode="child", parents=parents)


def about(parent: tuple[str, str], holder: tuple[str, str]) -> Guard:
    """Guard for rows that hang on a record and speak of another, of any type: the attributes that
    hold the entity and the id of that. Both must be visible."""
    return Guard(mode="child", parents=(parent,), holder=holder)


def attached(entity: str, record_id: str, *, deleted: str | None = None) -> Guard:
    """Guard for rows that hang on a record of any type, a plugin's too: the attributes that hold
    its entity and its id. Records of our own company, which everybody sees, hold none."""
    return Guard(mode="attached", holder=(entity, record_id), deleted=deleted)


OPEN = Guard(mode="open")
SYSTEM = Guard(mode="system")
