"""Who watches sees as far as he sees people; notices go no further."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from kontora.access.principal import Principal
from kontora.access.rights import Rights, Scope
from kontora.records.opened import PERMISSION, may_watch

ME, MATE, OTHER = uuid4(), uuid4(), uuid4()
WEST, BELOW, EAST = uuid4(), uuid4(), uuid4()


def head(scope: Scope | None) -> Principal:
    grants = {("person", "view"): scope} if scope else {}
    return Principal(
        kind="user",
        name="Head",
        user_id=ME,
        branch_id=WEST,
        team_mates=(ME, MATE),
        branches_below=(WEST, BELOW),
        rights=Rights(grants=grants, permissions=frozenset({PERMISSION})),
    )


@pytest.mark.parametrize(
    ("scope", "branches", "mate"),
    [
        (Scope.ALL, {WEST, BELOW, EAST, None}, True),
        (Scope.BRANCH_BELOW, {WEST, BELOW}, True),
        (Scope.BRANCH, {WEST}, True),
        (Scope.TEAM, set(), True),
        (Scope.OWN, set(), False),
        (None, set(), False),
    ],
)
def test_it_reaches_as_far_as_people_are_seen(
    scope: Scope | None, branches: set[UUID | None], mate: bool
) -> None:
    seen = {each for each in (WEST, BELOW, EAST, None) if may_watch(head(scope), OTHER, each)}
    assert seen == branches
    assert may_watch(head(scope), MATE, EAST) is mate


def test_without_the_permission_nobody_is_watched() -> None:
    nobody = replace(head(Scope.ALL), rights=Rights(grants={("person", "view"): Scope.ALL}))
    assert not may_watch(nobody, OTHER, WEST)
