"""The fields of parties. `kinds` says which of them people, and which organisations, have."""

from __future__ import annotations

from kontora.parties import cleaning
from kontora.parties.models import (
    Organisation,
    PartyRole,
    PartyTag,
    Person,
)
from kontora.parties.reach_fields import ADDRESSES, FROM, IDENTIFIERS, POINTS_FIELD, SHORT, TO
from kontora.parties.role_choices import ROLES
from kontora.parties.stage_fields import OF_ROLE, SINCE
from kontora.registry.fields import Choice, Collection, Field, FieldType
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
        help=_("The first name, as the person writes it."),
        model=Person,
        kinds=PERSON,
        order=2,
        searchable=8,
    ),
    Field(
        name="middle",
        label=_("Middle name"),
        help=_("The patronymic or second name, where people have one."),
        model=Person,
        kinds=PERSON,
        order=3,
        searchable=5,
    ),
    Field(
        name="family",
        label=_("Family name"),
        help=_("The surname, without initials or titles."),
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
                help=_("Client, partner, supplier, competitor …: what the party is to us."),
                type=FieldType.CHOICE,
                choices=ROLES,
                required=True,
            ),
            *OF_ROLE,
            Field(
                name="class",
                column="class_",
                label=_("Class"),
                help=_("Your own rating, such as A, B or C; lists filter by it."),
                max_length=32,
            ),
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
    help=_("Words of your own, by which lists are filtered."),
    type=FieldType.TAGS,
    order=45,
    group="roles",
    searchable=3,
    sortable=False,
    collection=Collection(
        model=PartyTag,
        parent="party_id",
        fields=(
            Field(
                name="tag",
                label=_("Tag"),
                help=_("One word or a few, spelled the same at every record."),
                max_length=64,
            ),
        ),
        key=("tag",),
        single="tag",
        order_by=("position", "tag"),
    ),
)

FACTS = (
    Field(
        name="birth_date",
        label=_("Birthday"),
        help=_("For congratulations, and to tell namesakes apart."),
        type=FieldType.DATE,
        model=Person,
        kinds=PERSON,
        order=50,
        group="facts",
    ),
    Field(
        name="gender",
        label=_("Gender"),
        help=_("For salutations; leave it empty if you do not know."),
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
        help=_("What the organisation lives by: trade, metal, software …"),
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
        help=_("The year, for its age and anniversaries."),
        type=FieldType.INTEGER,
        model=Organisation,
        kinds=FIRM,
        order=54,
        group="facts",
    ),
    Field(
        name="employees",
        label=_("Employees"),
        help=_("How many people work there, roughly."),
        type=FieldType.INTEGER,
        model=Organisation,
        kinds=FIRM,
        order=55,
        group="facts",
    ),
    Field(
        name="revenue",
        label=_("Yearly revenue"),
        help=_("Turnover of the last full year, in the currency that you use for all."),
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
        help=_("Inactive ones stay here, but are no longer worked with."),
        type=FieldType.CHOICE,
        choices=STATES,
        order=60,
        group="facts",
        default="active",
    ),
    Field(
        name="notes",
        label=_("Notes"),
        help=_("Anything worth knowing that has no field of its own."),
        type=FieldType.LONGTEXT,
        order=90,
        group="facts",
    ),
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
