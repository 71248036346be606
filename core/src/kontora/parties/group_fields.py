"""The fields of groups, and the groups of a party."""

from __future__ import annotations

from kontora.parties import groups
from kontora.parties.fields import BRANCH, OWNER
from kontora.parties.group_models import Group, GroupMember
from kontora.registry.fields import Collection, Field, FieldType, Shortcut
from kontora.registry.records import RecordType
from kontora.text import _

GROUP_FIELDS = (
    Field(
        name="name",
        label=_("Name"),
        help=_("Short and telling: guests of the fair, mailing in May."),
        required=True,
        order=1,
        searchable=8,
        in_list=True,
    ),
    Field(
        name="description",
        label=_("Description"),
        help=_("Who belongs here, and what for."),
        type=FieldType.LONGTEXT,
        order=2,
        searchable=2,
        sortable=False,
    ),
    Field(
        name="shared",
        label=_("Shared"),
        help=_("Everyone who may see groups sees it; else its owner and his superiors alone."),
        type=FieldType.BOOLEAN,
        default=False,
        order=3,
        in_list=True,
    ),
    Field(
        name="size",
        label=_("Members"),
        help=_("How many of its members you may see."),
        type=FieldType.INTEGER,
        computed=groups.sizes,
        order=4,
        read_only=True,
        in_form=False,
        in_list=True,
        filterable=False,
        sortable=False,
        importable=False,
    ),
    OWNER,
    BRANCH,
)
GROUPS = RecordType(
    path=groups.PATH,
    entity="group",
    label=_("Group"),
    label_plural=_("Groups"),
    help=_("People and organisations put together by hand: a mailing, guests, a pilot."),
    icon="users-group",
    model=Group,
    title="name",
    sort="name",
    columns=("name", "size", "shared", "owner"),
    fields=GROUP_FIELDS,
)

# Of parties. `group` is the short form for filters, and the heading that an import knows.
OF_PARTIES = (
    Field(
        name="groups",
        label=_("Groups"),
        help=_("The groups that the record is in; each keeps who was in it, and when."),
        type=FieldType.COLLECTION,
        order=46,
        group="roles",
        in_form=False,
        sortable=False,
        on_day=groups.on_day,
        collection=Collection(
            model=GroupMember,
            parent="party_id",
            single="group",
            key=("group",),
            order_by=("group_id",),
            fields=(
                Field(
                    name="group",
                    column="group_id",
                    label=_("Group"),
                    help=_("Put together by hand; its page shows who is in it."),
                    type=FieldType.REFERENCE,
                    target="group",
                    required=True,
                ),
            ),
        ),
    ),
    Field(
        name="group",
        label=_("Group"),
        help=_("Finds who is in it; in an import, the one to join."),
        type=FieldType.REFERENCE,
        target="group",
        shortcut=Shortcut(collection="groups", where={}, value="group"),
        order=47,
        group="roles",
        on_demand=True,
        read_only=True,
        in_api=False,
        in_form=False,
        sortable=False,
        exportable=False,
        importable=False,
    ),
)
