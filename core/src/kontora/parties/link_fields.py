"""The fields that link parties: affiliations and relations; and all fields of a party together."""

from __future__ import annotations

from dataclasses import replace

from kontora.parties import cleaning, holding
from kontora.parties.contact_fields import LAST_CONTACT, NEXT_ACTIVITY
from kontora.parties.external import EXTERNAL
from kontora.parties.fields import OWN_FIELDS, PERSON
from kontora.parties.group_fields import OF_PARTIES
from kontora.parties.models import Affiliation, Relation
from kontora.parties.reach_fields import FROM, TO
from kontora.parties.stage_fields import STAGE
from kontora.registry.fields import Choice, Collection, Field, FieldType
from kontora.text import _

AFFILIATION_FACTS = (
    Field(
        name="title",
        label=_("Position"),
        help=_("The job, as on the visiting card."),
    ),
    Field(
        name="department",
        label=_("Department"),
        help=_("The part of the organisation: purchasing, accounts …"),
    ),
    Field(
        name="functions",
        label=_("Functions"),
        help=_("What the person decides or does there: signs, chooses, pays …"),
        max_length=500,
    ),
    Field(
        name="reports_to",
        column="reports_to_id",
        label=_("Reports to"),
        help=_("The superior there; the chart of the organisation is made of it."),
        type=FieldType.REFERENCE,
        target="party",
        target_kind="person",
    ),
    FROM,
    TO,
)
AFFILIATIONS = Field(
    name="affiliations",
    label=_("Positions"),
    help=_("Where the person works or worked, in which position, and to whom he reports."),
    type=FieldType.COLLECTION,
    kinds=PERSON,
    order=70,
    group="people",
    on_demand=True,
    sortable=False,
    collection=Collection(
        model=Affiliation,
        parent="person_id",
        key=("organisation", "from"),
        order_by=("position", "id"),
        clean=cleaning.clean_dated,
        fields=(
            Field(
                name="organisation",
                column="organisation_id",
                label=_("Organisation"),
                help=_("The firm, office or body where the person works."),
                type=FieldType.REFERENCE,
                target="party",
                target_kind="organisation",
            ),
            *AFFILIATION_FACTS,
        ),
    ),
)
RELATIONS = Field(
    name="relations",
    label=_("Relations"),
    help=_("Typed links to other parties: parent of, dealer of, competes with, advises …"),
    type=FieldType.COLLECTION,
    order=71,
    group="people",
    on_demand=True,
    sortable=False,
    collection=Collection(
        model=Relation,
        parent="party_id",
        key=("type", "other", "from"),
        order_by=("position", "id"),
        clean=cleaning.clean_dated,
        fields=(
            Field(
                name="type",
                label=_("Relation"),
                help=_("How the two are linked; the other one shows it reversed."),
                type=FieldType.CHOICE,
                required=True,
                choices=(
                    Choice(value="parent_of", label=_("parent of")),
                    Choice(value="dealer_of", label=_("dealer of")),
                    Choice(value="competes_with", label=_("competes with")),
                    Choice(value="advises", label=_("advises")),
                    Choice(value="supplies", label=_("supplies")),
                    Choice(value="related_to", label=_("related to")),
                ),
            ),
            Field(
                name="other",
                column="other_id",
                label=_("With"),
                help=_("The person or organisation at the other end."),
                type=FieldType.REFERENCE,
                target="party",
                required=True,
            ),
            FROM,
            TO,
        ),
    ),
)

_OWN = tuple(
    replace(each, on_day=holding.parents_on) if each.name == "parent" else each
    for each in OWN_FIELDS
)
PARTY_FIELDS = (
    *_OWN,
    STAGE,
    LAST_CONTACT,
    NEXT_ACTIVITY,
    *OF_PARTIES,
    AFFILIATIONS,
    RELATIONS,
    EXTERNAL,
)
