"""To whom a handover gives: one user, the heads of his teams, of his branch, or a whole team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.models import Branch, Team, TeamMember, User, UserRole
from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.text import Text, _

KINDS: Mapping[str, Text] = {
    "user": _("to one user"),
    "team": _("evenly over a team"),
    "team_head": _("to the head of his team"),
    "branch_heads": _("to the heads of his branch"),
}
_NEEDS_ID = ("user", "team")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One of KINDS; `id` names the user or the team where the kind needs one."""

    kind: str
    id: UUID | None = None

    def as_json(self) -> dict[str, str | None]:
        return {"kind": self.kind, "id": str(self.id) if self.id else None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rule for everything, and those that differ from it, by path of the record type."""

    default: Rule
    types: Mapping[str, Rule] = field(default_factory=dict)

    def of(self, path: str) -> Rule:
        return self.types.get(path, self.default)

    def as_json(self) -> dict[str, Any]:
        types = {path: each.as_json() for path, each in self.types.items()}
        return {"default": self.default.as_json(), "types": types}


def rule_of(kind: str, given: str | None, path: str = "to") -> Rule:
    """A rule from input. Raises Invalid under the name `path`."""
    if kind not in KINDS:
        raise Invalid({path: [_("Must be one of: %(k)s.") % {"k": ", ".join(KINDS)}]})
    if kind not in _NEEDS_ID:
        return Rule(kind=kind)
    try:
        return Rule(kind=kind, id=UUID(str(given)))
    except ValueError:
        raise Invalid({path: [_("Choose to whom.")]}) from None


def rules_of(kept: Mapping[str, Any]) -> Rules:
    """Rules from their JSON form, as a handover keeps them."""
    types = {path: rule_of(each["kind"], each["id"]) for path, each in kept["types"].items()}
    default = kept["default"]
    return Rules(default=rule_of(default["kind"], default["id"]), types=types)


def targets(session: ScopedSession, rule: Rule, leaver: UUID, path: str = "to") -> list[UUID]:
    """The active users to whom a rule gives, never the leaver himself, in a fixed order.

    Raises Invalid when there is nobody.
    """
    found = _meant(session, rule, leaver)
    active = select(User.id).where(User.id.in_(found - {leaver}), User.state == "active")
    ids = sorted(session.scalars(active))
    if not ids:
        nobody: dict[str, Text] = {
            "user": _("Choose an active user other than the one who leaves."),
            "team": _("This team has no other active member."),
            "team_head": _("None of his teams has another active head. Choose a user."),
            "branch_heads": _("Neither his branch nor one above it has a head. Choose a user."),
        }
        raise Invalid({path: [nobody[rule.kind]]})
    return ids


def _meant(session: ScopedSession, rule: Rule, leaver: UUID) -> set[UUID]:
    if rule.kind == "user":
        return {rule.id} if rule.id else set()
    if rule.kind == "team":
        return _members(session, rule.id)
    return (_team_heads if rule.kind == "team_head" else _branch_heads)(session, leaver)


def _members(session: ScopedSession, team: UUID | None) -> set[UUID]:
    return set(session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team)))


def _team_heads(session: ScopedSession, leaver: UUID) -> set[UUID]:
    heads = (
        select(Team.head_id)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(TeamMember.user_id == leaver, Team.head_id.is_not(None))
    )
    return {each for each in session.scalars(heads) if each is not None}


def _branch_heads(session: ScopedSession, leaver: UUID) -> set[UUID]:
    """The branch managers of his branch, or of the nearest one above that has any; else all who
    have the role of a head."""
    branch = session.scalar(select(User.branch_id).where(User.id == leaver))
    seen: set[UUID] = set()
    while branch is not None and branch not in seen:
        seen.add(branch)
        if found := _with_role(session, "branch_manager", branch) - {leaver}:
            return found
        branch = session.scalar(select(Branch.parent_id).where(Branch.id == branch))
    return _with_role(session, "head", None)


def _with_role(session: ScopedSession, role: str, branch: UUID | None) -> set[UUID]:
    statement = (
        select(User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.role_key == role, User.state == "active")
    )
    if branch is not None:
        statement = statement.where(User.branch_id == branch)
    return set(session.scalars(statement))


def described(session: ScopedSession, rule: Rule) -> str:
    """A rule in words, with the name of the user or team."""
    if rule.id is None:
        return str(KINDS[rule.kind])
    model: Any = User if rule.kind == "user" else Team
    name = session.scalar(select(model.name).where(model.id == rule.id)) or "—"
    return f"{KINDS[rule.kind]}: {name}"
