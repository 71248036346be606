"""Who may what: grants on our record type for the shipped roles, and a permission of our own."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.api import GrantTemplate, Permission, hookimpl
from kontora_hello import _

EVERY = ("view", "create", "edit", "delete", "export", "import", "assign")
ENTITY = "hello.greeting"


@hookimpl
def register_grants() -> Iterable[GrantTemplate]:
    return (
        GrantTemplate(role="administrator", entity=ENTITY, verbs=EVERY, scope="all"),
        GrantTemplate(role="head", entity=ENTITY, verbs=EVERY, scope="all"),
        GrantTemplate(role="branch_manager", entity=ENTITY, verbs=EVERY, scope="branch_below"),
        GrantTemplate(role="manager", entity=ENTITY, verbs=EVERY[:5], scope="team"),
        GrantTemplate(role="assistant", entity=ENTITY, verbs=EVERY[:3], scope="branch"),
        GrantTemplate(role="auditor", entity=ENTITY, verbs=("view", "export"), scope="all"),
    )


@hookimpl
def register_permissions() -> Iterable[Permission]:
    roles = ("administrator", "head", "branch_manager", "manager")
    return (Permission(name="hello.greet", label=_("See the greeting page"), roles=roles),)
