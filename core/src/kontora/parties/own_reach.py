"""Who manages users must not widen his own reach by branches and teams.

`admin.roles` decides of rights anyway, and who reaches all records has nothing to gain. Anybody
else places users only in branches that he reaches (and in his own), puts together only teams of
people whom he reaches, and hangs only branches of his own reach below each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from kontora.access.models import Team, TeamMember, User
from kontora.access.rights import Scope
from kontora.access.strength import FREE
from kontora.errors import Invalid
from kontora.registry.records import Draft
from kontora.text import _

PARTIES = ("person", "organisation")
_BRANCH = _("This branch is not within your reach. Ask who manages roles.")
_PEOPLE = _(
    "“%(name)s” is not within your reach, so you cannot share a team. Ask who manages roles."
)


def check(session: Any, draft: Draft) -> None:
    """Raise Invalid when a branch, team or user would be placed beyond the principal's reach."""
    rights, me = session.principal.rights, session.principal
    # How far he reaches people and organisations: grants on users and branches say nothing of it.
    scopes = [scope for (entity, _verb), scope in rights.grants.items() if entity in PARTIES]
    widest = max(scopes, default=Scope.OWN)
    if me.is_system or rights.has(FREE) or widest is Scope.ALL:
        return
    mates, branches = session.predicates.reach(widest)
    near = Near(session, {me.user_id, *mates}, {*branches, me.branch_id} - {None}, bool(branches))
    if draft.entity == "branch":
        near.branch(draft, "parent", draft.record.parent_id)
        if "parent" in draft.data and draft.verb == "change" and _moves(draft):
            near.known("parent", [draft.record.id])
        return
    near.branch(draft, "branch", draft.record.branch_id)
    if draft.entity == "team" and "members" in draft.data:
        _members(near, draft)
    elif draft.entity == "user" and "teams" in draft.data:
        _teams(near, draft)


def _moves(draft: Draft) -> bool:
    return str(draft.data["parent"] or "") != str(draft.record.parent_id or "")


def _members(near: Near, draft: Draft) -> None:
    """Who is added, and who is there already, if anybody is added: they will reach each other."""
    present = near.members([draft.record.id]) if draft.verb == "change" else set()
    added = {str(each) for each in draft.data["members"]} - present
    if added:
        near.people("members", added | present)


def _teams(near: Near, draft: Draft) -> None:
    session, own = near.session, str(draft.record.id)
    held = select(TeamMember.team_id).where(TeamMember.user_id == draft.record.id)
    present = {str(each) for each in session.scalars(held)} if draft.verb == "change" else set()
    wanted = {str(each) for each in draft.data["teams"]} - present
    added = [each for each in session.scalars(select(Team.id)) if str(each) in wanted]
    if added:
        known = {own} if draft.verb == "change" else set()
        near.people("teams", near.members(added) | known)


class Near:
    """What lies within reach: users, branches; people of a branch only when branches are."""

    def __init__(self, session: Any, users: set[Any], branches: set[Any], by_branch: bool) -> None:
        self.session = session
        self._users = {str(each) for each in users}
        self._branches = {str(each) for each in branches}
        self._by_branch = by_branch

    def branch(self, draft: Draft, name: str, before: Any) -> None:
        """Refuse another branch than before that is out of reach."""
        wanted = draft.data.get(name)
        if wanted is not None and str(wanted) != str(before or ""):
            self.known(name, [wanted])

    def known(self, name: str, branches: Iterable[Any]) -> None:
        if not {str(each) for each in branches} <= self._branches:
            raise Invalid({name: [_BRANCH]})

    def people(self, name: str, users: set[str]) -> None:
        """Refuse users who are neither mates nor of a branch within reach."""
        rows = self.session.execute(select(User.id, User.name, User.branch_id).order_by(User.name))
        for user, called, branch in rows:
            if str(user) not in users or str(user) in self._users:
                continue
            if not (self._by_branch and str(branch) in self._branches):
                raise Invalid({name: [_PEOPLE % {"name": called}]})

    def members(self, teams: Iterable[Any]) -> set[str]:
        found = select(TeamMember.user_id).where(TeamMember.team_id.in_(list(teams)))
        return {str(each) for each in self.session.scalars(found)}
