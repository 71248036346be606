"""The state of a list in its address: search, filters, order, place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.records.query import Query
from kontora.records.schema import readable_fields
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.web import preferences
from kontora.web.addresses import with_query
from kontora.web.records import filtering
from kontora.web.records.filtering import Choosable, Condition

LIMIT = 50
_TRAIL = "~"
_LONGEST_TRAIL = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What a list shows. `trail` holds the cursors of the pages before this one."""

    path: str
    q: str = ""
    sort: str = ""
    conditions: tuple[Condition, ...] = ()
    cursor: str = ""
    trail: tuple[str, ...] = ()

    @classmethod
    def of(cls, rtype: RecordType, arguments: MultiDict[str, str]) -> ListState:
        """Read the state from the parameters of a request."""
        trail = arguments.get("trail", "")
        return cls(
            path=f"/{rtype.path}",
            q=arguments.get("q", "").strip(),
            sort=arguments.get("sort", ""),
            conditions=tuple(filtering.conditions(arguments)),
            cursor=arguments.get("cursor", ""),
            trail=tuple(trail.split(_TRAIL)) if trail else (),
        )

    def pairs(
        self, *, q: bool = True, sort: bool = True, filters: bool = True
    ) -> list[tuple[str, str]]:
        """The parameters that make up this list, without the place in it."""
        found = [("q", self.q)] if q and self.q else []
        found += [("sort", self.sort)] if sort and self.sort else []
        return found + ([each.parameter for each in self.conditions] if filters else [])

    def url(self, *more: tuple[str, str], without: Condition | None = None) -> str:
        """The address of this list with other parameters, or without a condition."""
        replaced = {name for name, _value in more}
        kept = [pair for pair in self.pairs() if pair[0] not in replaced]
        if without is not None:
            kept = [pair for pair in kept if pair != without.parameter]
        return with_query(self.path, [*kept, *more])

    def sorted_by(self, name: str, default: str) -> str | None:
        """How the list is sorted by a field: asc, desc, or None."""
        return {name: "asc", f"-{name}": "desc"}.get(self.sort or default)

    def sort_url(self, name: str, default: str) -> str:
        """The address that sorts by a field, or turns its order round."""
        ascending = self.sorted_by(name, default) == "asc"
        return self.url(("sort", f"-{name}" if ascending else name))

    def next_url(self, cursor: str | None) -> str | None:
        """The address of the page behind this one."""
        if cursor is None:
            return None
        trail = (*self.trail, self.cursor)[-_LONGEST_TRAIL:]
        return self.url(("cursor", cursor), ("trail", _TRAIL.join(trail) or _TRAIL))

    def previous_url(self) -> str | None:
        """The address of the page before this one."""
        if not self.cursor:
            return None
        trail = [each for each in self.trail if each]
        if not trail:
            return self.url()
        return self.url(("cursor", trail[-1]), ("trail", _TRAIL.join(trail[:-1]) or _TRAIL))

    def query(
        self, rtype: RecordType, offered: Sequence[Choosable], fields: Sequence[str]
    ) -> Query:
        """The query of the record service."""
        return Query(
            filter=filtering.tree(self.conditions, offered),
            q=self.q or None,
            sort=(self.sort,) if self.sort else (rtype.sort,),
            fields=tuple(fields),
            limit=LIMIT,
            cursor=self.cursor or None,
            total=True,
        )


def listable(session: ScopedSession, rtype: RecordType) -> list[Field]:
    """The fields that can be columns, the title first."""
    fields = [
        each for each in readable_fields(rtype, session.principal.rights) if not each.on_demand
    ]
    return sorted(fields, key=lambda each: each.name != rtype.title)


def columns(session: ScopedSession, rtype: RecordType) -> list[Field]:
    """The columns that the user has chosen, or those that the record type suggests."""
    known = {each.name: each for each in listable(session, rtype)}
    kept = preferences.get(session, session.principal.user_id, key_of(rtype))
    wanted = kept if isinstance(kept, list) else rtype.columns
    names = [rtype.title, *(name for name in wanted if name != rtype.title)]
    return [known[name] for name in dict.fromkeys(names) if name in known]


def key_of(rtype: RecordType) -> str:
    """The key under which the columns of a list are kept."""
    return f"columns:{rtype.path}"
