"""The fields of stages: in each role of a party, and of the party at a glance."""

from __future__ import annotations

from kontora.parties import stages
from kontora.parties.role_choices import STATUSES
from kontora.parties.stage_models import PartyStage
from kontora.registry.fields import Field, FieldType
from kontora.text import _

OF_ROLE = (
    Field(
        name="status",
        label=_("Status"),
        help=_("Whether we deal with them in this role now, pause, or have ended it."),
        type=FieldType.CHOICE,
        choices=STATUSES,
        choices_from=stages.statuses,
        default="active",
        max_length=32,
    ),
    Field(
        name="stage",
        label=_("Stage"),
        help=_("Where the party stands in the life cycle of this role."),
        type=FieldType.CHOICE,
        choices_from=stages.choices,
    ),
)
SINCE = Field(
    name="stage_since",
    label=_("In this stage since"),
    help=_("Set when the stage changes; shows who has stood still."),
    type=FieldType.DATE,
)
STAGE = Field(
    name="stage",
    label=_("Stage"),
    help=_("The stage of the first current role that has one; sets that of the role it is of."),
    type=FieldType.CHOICE,
    choices_from=stages.choices,
    model=PartyStage,
    sort_column="rank",
    on_day=stages.on_day,
    order=41,
    group="roles",
    in_form=False,
)
