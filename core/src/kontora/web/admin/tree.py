"""Branches as a tree and teams as a list, both small: they are read whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kontora.access.models import Branch, Team, TeamMember, User
from kontora.access.session import ScopedSession


def branches(session: ScopedSession) -> list[dict[str, Any]]:
    """All branches in the order of the tree: id, name, depth, parent, users."""
    numbers = _numbers(session, select(User.branch_id, func.count(User.id)), User.branch_id)
    rows = session.execute(select(Branch.id, Branch.name, Branch.parent_id).order_by(Branch.name))
    found = [dict(row._mapping) for row in rows]
    ids = {each["id"] for each in found}
    children: dict[UUID | None, list[dict[str, Any]]] = {}
    for each in found:
        parent = each["parent_id"] if each["parent_id"] in ids else None
        children.setdefault(parent, []).append(each)
    ordered = list(_walk(children, None, 0))
    # A branch in a circle hangs below no root; it must be seen all the same, to be mended.
    met = {each["id"] for each in ordered}
    ordered += [{**each, "depth": 0} for each in found if each["id"] not in met]
    return [{**each, "users": numbers.get(each["id"], 0)} for each in ordered]


def _walk(
    children: dict[UUID | None, list[dict[str, Any]]], parent: UUID | None, depth: int
) -> Iterator[dict[str, Any]]:
    for each in children.get(parent, ()):
        yield {**each, "depth": depth}
        yield from _walk(children, each["id"], depth + 1)


def teams(session: ScopedSession) -> list[dict[str, Any]]:
    """All teams by name: id, name, branch, head, members (names)."""
    rows = session.execute(
        select(Team.id, Team.name, Branch.name.label("branch"), User.name.label("head"))
        .outerjoin(Branch, Branch.id == Team.branch_id)
        .outerjoin(User, User.id == Team.head_id)
        .order_by(Team.name)
    )
    members: dict[UUID, list[dict[str, Any]]] = {}
    for team_id, user_id, name in session.execute(
        select(TeamMember.team_id, User.id, User.name)
        .join(User, User.id == TeamMember.user_id)
        .order_by(User.name)
    ):
        members.setdefault(team_id, []).append({"id": user_id, "name": name})
    return [{**row._mapping, "members": members.get(row.id, [])} for row in rows]


def _numbers(session: ScopedSession, statement: Any, column: Any) -> dict[UUID, int]:
    rows = session.execute(statement.where(column.is_not(None)).group_by(column))
    return {row[0]: row[1] for row in rows}
