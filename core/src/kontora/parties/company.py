"""The fields of our own company: branches, teams, users."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from kontora.access import strength
from kontora.access.models import Role, TeamMember, UserRole
from kontora.errors import Forbidden, Invalid
from kontora.records.transfer.emails import clean_email
from kontora.registry.fields import Choice, Collection, Field, FieldType
from kontora.registry.records import Draft
from kontora.text import _

NAME = Field(
    name="name",
    label=_("Name"),
    help=_("What everybody calls it, in lists and choices."),
    required=True,
    order=1,
    searchable=9,
    in_list=True,
)
BRANCH = Field(
    name="branch",
    column="branch_id",
    label=_("Branch"),
    help=_("The unit of our own company where it belongs."),
    type=FieldType.REFERENCE,
    target="branch",
    order=10,
    in_list=True,
)
USER_STATES = (
    Choice(value="active", label=_("Active")),
    Choice(value="disabled", label=_("Disabled")),
)
LANGUAGES = (
    Choice(value="en", label="English"),
    Choice(value="ru", label="Русский"),
    Choice(value="uk", label="Українська"),
)

BRANCH_FIELDS = (
    NAME,
    Field(
        name="parent",
        column="parent_id",
        label=_("Belongs to"),
        help=_("Who may see a branch “and below” sees this one through it."),
        type=FieldType.REFERENCE,
        target="branch",
        order=2,
        in_list=True,
    ),
)

TEAM_FIELDS = (
    NAME,
    BRANCH,
    Field(
        name="head",
        column="head_id",
        label=_("Head"),
        help=_("Who leads the team."),
        type=FieldType.REFERENCE,
        target="user",
        order=11,
        in_list=True,
    ),
    Field(
        name="members",
        label=_("Members"),
        help=_("With rights for the team, each sees what the others own."),
        type=FieldType.COLLECTION,
        order=12,
        sortable=False,
        collection=Collection(
            model=TeamMember,
            parent="team_id",
            single="user",
            key=("user",),
            order_by=("user_id",),
            fields=(
                Field(
                    name="user",
                    column="user_id",
                    label=_("User"),
                    help=_("A colleague with an account here."),
                    type=FieldType.REFERENCE,
                    target="user",
                    required=True,
                ),
            ),
        ),
    ),
)

USER_FIELDS = (
    replace(NAME, label=_("Full name")),
    Field(
        name="email",
        label=_("E-mail"),
        type=FieldType.EMAIL,
        order=2,
        searchable=7,
        in_list=True,
        help=_("The name to sign in with. Without one a user may own records, but not sign in."),
    ),
    Field(
        name="roles",
        label=_("Roles"),
        type=FieldType.TAGS,
        order=3,
        in_list=True,
        sortable=False,
        help=_("What the user may do is the sum of his roles."),
        collection=Collection(
            model=UserRole,
            parent="user_id",
            single="role",
            key=("role",),
            order_by=("role_key",),
            fields=(
                Field(
                    name="role",
                    column="role_key",
                    label=_("Role"),
                    help=_("What its holders may do is set under Administration, Roles."),
                    max_length=64,
                ),
            ),
        ),
    ),
    BRANCH,
    Field(
        name="teams",
        label=_("Teams"),
        help=_("Colleagues with whom the user shares records."),
        type=FieldType.COLLECTION,
        order=12,
        sortable=False,
        collection=Collection(
            model=TeamMember,
            parent="user_id",
            single="team",
            key=("team",),
            order_by=("team_id",),
            fields=(
                Field(
                    name="team",
                    column="team_id",
                    label=_("Team"),
                    help=_("One of the teams of our own company."),
                    type=FieldType.REFERENCE,
                    target="team",
                    required=True,
                ),
            ),
        ),
    ),
    Field(
        name="state",
        label=_("State"),
        help=_("Who is disabled cannot sign in; what he owns stays his."),
        type=FieldType.CHOICE,
        choices=USER_STATES,
        order=20,
        in_list=True,
    ),
    Field(
        name="locale",
        label=_("Language"),
        help=_("Of menus, mails and reports for this user."),
        type=FieldType.CHOICE,
        choices=LANGUAGES,
        order=21,
    ),
    Field(
        name="timezone",
        label=_("Time zone"),
        help=_("Region and city, such as Europe/Kyiv; all times are shown in it."),
        order=22,
        max_length=64,
    ),
)


def check_user(session: Any, draft: Draft) -> None:
    """An e-mail belongs to one user; roles exist, and giving them takes its own right."""
    data = draft.data
    if data.get("email"):
        cleaned = clean_email(data["email"])
        if cleaned.value is None:
            raise Invalid({"email": [cleaned.problem]})
        data["email"] = cleaned.value.casefold()
        model: Any = draft.rtype.model
        with session.with_deleted():
            same = session.scalar(
                select(model.id).where(model.email == data["email"], model.id != draft.record.id)
            )
        if same is not None:
            raise Invalid({"email": [_("Another user has this address.")]})
        _check_address(session, draft)
    if draft.verb == "create":
        for name in ("locale", "timezone"):
            data[name] = data.get(name) or session.site.setting(session, f"company.{name}")
    for name, default in (("state", "active"), ("locale", "en"), ("timezone", "UTC")):
        if name in data and data[name] is None:
            data[name] = default
    if "roles" in data:
        _check_roles(session, draft.record.id, data["roles"])


def _check_address(session: Any, draft: Draft) -> None:
    """Whoever has the address of an account gets into it: by “Forgotten”."""
    model: Any = draft.rtype.model
    present = session.execute(
        select(model.__table__.c.email).where(model.__table__.c.id == draft.record.id),
        execution_options={"door": "administration"},
    ).scalar()
    if present != draft.data["email"]:
        strength.require_within(session, draft.record.id)


def _check_roles(session: Any, user_id: Any, roles: list[str]) -> None:
    if not session.principal.rights.has("admin.users"):
        raise Forbidden("admin.users")
    table: Any = Role.__table__
    known = set(
        session.execute(select(table.c.key), execution_options={"door": "administration"}).scalars()
    )
    if unknown := sorted(set(roles) - known):
        message = _("There is no role “%(role)s”.") % {"role": unknown[0]}
        raise Invalid({"roles": [message]})
    given = set(roles) - strength.roles_of(session, user_id)
    if refused := strength.too_strong(session, given):
        more = _("The role “%(role)s” may do more than you, so you cannot give it.")
        raise Invalid({"roles": [more % {"role": refused[0]}]})
