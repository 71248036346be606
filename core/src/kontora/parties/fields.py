"""The fields of parties. `kinds` says which of them people, and which organisations, have."""

from __future__ import annotations

from kontora.parties import cleaning
from kontora.parties.models import (
    Address,
    ContactPoint,
    Identifier,
    Organisation,
    PartyRole,
    PartyTag,
    Person,
)
from kontora.parties.role_choices import ROLES
from kontora.parties.stage_fields import OF_ROLE, SINCE
from kontora.registry.fields import Choice, Collection, Field, FieldType, Shortcut
from kontora.text import _

PERSON = ("person",)
FIRM = ("organisation",)

STATES = (
    Choice(value="active", label=_("Active")),
    Choice(value="inactive", label=_("Inactive")),
)
GENDERS = (
    Choice(value="female", label=_("Female")),
    Choice(value="male", label=_("Male")),
    Choice(value="other", label=_("Other")),
)
POINTS = (
    Choice(value="email", label=_("E-mail")),
    Choice(value="phone", label=_("Phone")),
    Choice(value="fax", label=_("Fax")),
    Choice(value="messenger", label=_("Messenger")),
    Choice(value="social", label=_("Social profile")),
    Choice(value="web", label=_("Website")),
)
POINT_STATES = (
    Choice(value="ok", label=_("In use")),
    Choice(value="unconfirmed", label=_("Unconfirmed")),
    Choice(value="invalid", label=_("Does not work")),
    Choice(value="former", label=_("Former")),
)
FROM = Field(name="from", column="valid_from", label=_("From"), type=FieldType.DATE)
TO = Field(name="to", column="valid_to", label=_("To"), type=FieldType.DATE)


def _owner(name: str = "owner") -> Field:
    return Field(
        name=name,
        column="owner_id",
        label=_("Owner"),
        type=FieldType.REFERENCE,
        target="user",
        help=_("Who looks after this record. Owners decide who sees it."),
        order=80,
        group="ownership",
        in_list=True,
    )


def _branch() -> Field:
    return Field(
        name="branch",
        column="branch_id",
        label=_("Branch"),
        type=FieldType.REFERENCE,
        target="branch",
        help=_("The unit of our company to which the record belongs."),
        order=81,
        group="ownership",
    )


OWNER, BRANCH = _owner(), _branch()

NAMES = (
    Field(
        name="display_name",
        label=_("Name"),
        sort_column="sort_key",
        help=_("How the record is called in lists; a person's comes from the names below."),
        order=1,
        searchable=10,
        in_list=True,
    ),
    Field(
        name="given",
        label=_("Given name"),
        model=Person,
        kinds=PERSON,
        order=2,
        searchable=8,
    ),
    Field(
        name="middle",
        label=_("Middle name"),
        model=Person,
        kinds=PERSON,
        order=3,
        searchable=5,
    ),
    Field(
        name="family",
        label=_("Family name"),
        model=Person,
        kinds=PERSON,
        order=4,
        searchable=9,
    ),
    Field(
        name="legal_name",
        label=_("Legal name"),
        model=Organisation,
        kinds=FIRM,
        order=5,
        searchable=8,
        help=_("The name in contracts and invoices."),
    ),
)

POINTS_FIELD = Field(
    name="points",
    label=_("Contact points"),
    help=_("E-mails, phones, messengers, profiles and sites, each with its own status."),
    type=FieldType.COLLECTION,
    order=10,
    group="contact",
    searchable=7,
    sortable=False,
    collection=Collection(
        model=ContactPoint,
        parent="party_id",
        key=("kind", "value"),
        order_by=("position", "id"),
        clean=cleaning.clean_point,
        complete=cleaning.choose_primary,
        fields=(
            Field(
                name="kind",
                label=_("Kind"),
                type=FieldType.CHOICE,
                choices=POINTS,
                required=True,
            ),
            Field(name="value", label=_("Value"), required=True, searchable=7, max_length=500),
            Field(name="label", label=_("Label"), max_length=64),
            Field(
                name="primary",
                column="is_primary",
                label=_("Primary"),
                type=FieldType.BOOLEAN,
                default=False,
            ),
            Field(
                name="status",
                label=_("Status"),
                type=FieldType.CHOICE,
                choices=POINT_STATES,
                default="ok",
            ),
        ),
    ),
)

SHORT = (
    Field(
        name="email",
        label=_("E-mail"),
        type=FieldType.EMAIL,
        shortcut=Shortcut(collection="points", where={"kind": "email"}, value="value"),
        order=11,
        group="contact",
        in_list=True,
        in_api=False,
        in_form=False,
        sortable=False,
    ),
    Field(
        name="phone",
        label=_("Phone"),
        type=FieldType.PHONE,
        shortcut=Shortcut(collection="points", where={"kind": "phone"}, value="value"),
        order=12,
        group="contact",
        in_list=True,
        in_api=False,
        in_form=False,
        sortable=False,
    ),
)

ADDRESSES = Field(
    name="addresses",
    label=_("Addresses"),
    type=FieldType.COLLECTION,
    order=20,
    group="contact",
    searchable=2,
    sortable=False,
    collection=Collection(
        model=Address,
        parent="party_id",
        order_by=("position", "id"),
        clean=cleaning.clean_address,
        fields=(
            Field(name="label", label=_("Label"), max_length=64),
            Field(name="street", label=_("Street"), max_length=500, searchable=1),
            Field(name="locality", label=_("City"), searchable=2),
            Field(name="region", label=_("Region")),
            Field(name="postcode", label=_("Postcode"), max_length=32),
            Field(name="country", label=_("Country")),
            FROM,
            TO,
        ),
    ),
)

IDENTIFIERS = Field(
    name="identifiers",
    label=_("Identifiers"),
    help=_("INN, OGRN, EDRPOU, UNP, VAT and others; known ones are checked."),
    type=FieldType.COLLECTION,
    order=30,
    group="registration",
    searchable=6,
    sortable=False,
    collection=Collection(
        model=Identifier,
        parent="party_id",
        key=("scheme", "value"),
        order_by=("position", "id"),
        clean=cleaning.clean_identifier,
        fields=(
            Field(name="scheme", label=_("Scheme"), required=True, max_length=32),
            Field(name="value", label=_("Number"), required=True, max_length=64, searchable=6),
            Field(name="country", label=_("Country"), max_length=2),
        ),
    ),
)

ROLES_FIELD = Field(
    name="roles",
    label=_("Roles"),
    help=_("What the party is to us: several at once, each with its own dates and owner."),
    type=FieldType.COLLECTION,
    order=40,
    group="roles",
    in_list=True,
    sortable=False,
    collection=Collection(
        model=PartyRole,
        parent="party_id",
        key=("role", "from"),
        order_by=("position", "id"),
        clean=cleaning.clean_dated,
        fields=(
            Field(
                name="role",
                label=_("Role"),
                type=FieldType.CHOICE,
                choices=ROLES,
                required=True,
            ),
            *OF_ROLE,
            Field(name="class", column="class_", label=_("Class"), max_length=32),
            _owner(),
            _branch(),
            FROM,
            TO,
            SINCE,
        ),
    ),
)

TAGS = Field(
    name="tags",
    label=_("Tags"),
    type=FieldType.TAGS,
    order=45,
    group="roles",
    searchable=3,
    sortable=False,
    collection=Collection(
        model=PartyTag,
        parent="party_id",
        fields=(Field(name="tag", label=_("Tag"), max_length=64),),
        key=("tag",),
        single="tag",
        order_by=("position", "tag"),
    ),
)

FACTS = (
    Field(
        name="birth_date",
        label=_("Birthday"),
        type=FieldType.DATE,
        model=Person,
        kinds=PERSON,
        order=50,
        group="facts",
    ),
    Field(
        name="gender",
        label=_("Gender"),
        type=FieldType.CHOICE,
        choices=GENDERS,
        model=Person,
        kinds=PERSON,
        order=51,
        group="facts",
    ),
    Field(
        name="industry",
        label=_("Industry"),
        model=Organisation,
        kinds=FIRM,
        order=52,
        group="facts",
        searchable=2,
        in_list=True,
    ),
    Field(
        name="parent",
        column="parent_id",
        label=_("Parent organisation"),
        help=_("The organisation that this one belongs to."),
        type=FieldType.REFERENCE,
        target="party",
        target_kind="organisation",
        model=Organisation,
        kinds=FIRM,
        order=53,
        group="facts",
    ),
    Field(
        name="founded",
        label=_("Founded in"),
        type=FieldType.INTEGER,
        model=Organisation,
        kinds=FIRM,
        order=54,
        group="facts",
    ),
    Field(
        name="employees",
        label=_("Employees"),
        type=FieldType.INTEGER,
        model=Organisation,
        kinds=FIRM,
        order=55,
        group="facts",
    ),
    Field(
        name="revenue",
        label=_("Yearly revenue"),
        type=FieldType.DECIMAL,
        model=Organisation,
        kinds=FIRM,
        order=56,
        group="facts",
        sortable=False,
    ),
    Field(
        name="state",
        label=_("State"),
        type=FieldType.CHOICE,
        choices=STATES,
        order=60,
        group="facts",
        default="active",
    ),
    Field(name="notes", label=_("Notes"), type=FieldType.LONGTEXT, order=90, group="facts"),
)

OWN_FIELDS = (
    *NAMES,
    POINTS_FIELD,
    *SHORT,
    ADDRESSES,
    IDENTIFIERS,
    ROLES_FIELD,
    TAGS,
    *FACTS,
    OWNER,
    BRANCH,
)
