"""Where a party is reached, and by which numbers registers know it."""

from __future__ import annotations

from kontora.parties import cleaning
from kontora.parties.models import Address, ContactPoint, Identifier
from kontora.registry.fields import Choice, Collection, Field, FieldType, Shortcut
from kontora.text import _

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
FROM = Field(
    name="from",
    column="valid_from",
    label=_("From"),
    help=_("When it began; empty if not known."),
    type=FieldType.DATE,
)
TO = Field(
    name="to",
    column="valid_to",
    label=_("To"),
    help=_("When it ended; empty while it lasts."),
    type=FieldType.DATE,
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
                help=_(
                    "E-mail, phone, messenger, profile or site: decides how it is checked and used."
                ),
                type=FieldType.CHOICE,
                choices=POINTS,
                required=True,
            ),
            Field(
                name="value",
                label=_("Value"),
                help=_("The address or the number itself."),
                required=True,
                searchable=7,
                max_length=500,
            ),
            Field(
                name="label",
                label=_("Label"),
                help=_("Where it belongs: work, home, assistant …"),
                max_length=64,
            ),
            Field(
                name="primary",
                column="is_primary",
                label=_("Primary"),
                help=_("Used first when there are several of a kind."),
                type=FieldType.BOOLEAN,
                default=False,
            ),
            Field(
                name="status",
                label=_("Status"),
                help=_("Whether it works, was never tried, or belongs to the past."),
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
        help=_("The primary one among the contact points."),
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
        help=_("The primary one among the contact points."),
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
    help=_("Where to write, deliver or visit; former ones stay with their dates."),
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
            Field(
                name="label",
                label=_("Label"),
                help=_("What it is for: office, delivery, home …"),
                max_length=64,
            ),
            Field(
                name="street",
                label=_("Street"),
                help=_("With house, office or flat, in one line."),
                max_length=500,
                searchable=1,
            ),
            Field(
                name="locality",
                label=_("City"),
                help=_("Town or village, without its region."),
                searchable=2,
            ),
            Field(
                name="region",
                label=_("Region"),
                help=_("Oblast, state or province."),
            ),
            Field(
                name="postcode",
                label=_("Postcode"),
                help=_("As the post of that country writes it."),
                max_length=32,
            ),
            Field(
                name="country",
                label=_("Country"),
                help=_("Its name or two letters, such as UA."),
            ),
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
            Field(
                name="scheme",
                label=_("Scheme"),
                help=_("Which register gave it: INN, OGRN, EDRPOU, UNP, VAT …"),
                required=True,
                max_length=32,
            ),
            Field(
                name="value",
                label=_("Number"),
                help=_("As it stands in the documents."),
                required=True,
                max_length=64,
                searchable=6,
            ),
            Field(
                name="country",
                label=_("Country"),
                help=_("Two letters of the state whose register it is, such as UA."),
                max_length=2,
            ),
        ),
    ),
)
