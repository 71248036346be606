"""Rights: what a principal may do, resolved once from roles, grants and field rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from kontora.text import Text, _

VERBS = ("view", "create", "edit", "delete", "export", "import", "merge", "assign")


class Scope(IntEnum):
    """How far a grant reaches; each includes the ones before it."""

    OWN = 1
    TEAM = 2
    BRANCH = 3
    BRANCH_BELOW = 4
    ALL = 5

    @property
    def key(self) -> str:
        return self.name.lower()


def scope_named(key: str) -> Scope:
    """The scope of this key: own, team, branch, branch_below, all."""
    return Scope[key.upper()]


SCOPE_LABELS: Mapping[Scope, Text] = MappingProxyType(
    {
        Scope.OWN: _("own"),
        Scope.TEAM: _("own and team"),
        Scope.BRANCH: _("branch"),
        Scope.BRANCH_BELOW: _("branch and below"),
        Scope.ALL: _("all"),
    }
)
VERB_LABELS: Mapping[str, Text] = MappingProxyType(
    {
        "view": _("view"),
        "create": _("create"),
        "edit": _("edit"),
        "delete": _("delete"),
        "export": _("export"),
        "import": _("import"),
        "merge": _("merge"),
        "assign": _("assign"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Grants of all roles of a principal, joined: the widest scope wins, and a field is hidden
    or read-only only when every role of the principal that has a rule for records says so."""

    grants: Mapping[tuple[str, str], Scope] = field(default_factory=dict)
    permissions: frozenset[str] = frozenset()
    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)
    read_only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    everything: bool = False

    def scope(self, grant_key: str, verb: str) -> Scope | None:
        """The scope in which `verb` is granted on records of this name, or None."""
        if self.everything:
            return Scope.ALL
        return self.grants.get((grant_key, verb))

    def has(self, permission: str) -> bool:
        """Whether the principal holds a permission such as `admin.users`."""
        return self.everything or permission in self.permissions

    def hides(self, entity: str, field_name: str) -> bool:
        """Whether the field does not exist for this principal."""
        return field_name in self.hidden.get(entity, frozenset())

    def fixes(self, entity: str, field_name: str) -> bool:
        """Whether the principal may read, but not write the field."""
        return field_name in self.read_only.get(entity, frozenset())

    def narrowed(self, verbs: frozenset[str]) -> Rights:
        """The same rights with these verbs only, as an API token of narrow scope has them: it may
        run reports, but administer nothing."""
        kept = {key: scope for key, scope in self.grants.items() if key[1] in verbs}
        held = {each for each in self.permissions if not each.startswith("admin.")}
        return Rights(
            grants=kept,
            permissions=self.permissions if "edit" in verbs else frozenset(held),
            hidden=self.hidden,
            read_only=self.read_only,
        )


ALL_RIGHTS = Rights(everything=True)
