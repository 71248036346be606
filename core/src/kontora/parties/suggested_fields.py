"""What companies usually want to know of each role, as fields that the set-up turns on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from kontora.errors import Invalid
from kontora.records.custom import define
from kontora.text import Text, _

ENTITY = "party"
PERSON, FIRM = ("person",), ("organisation",)
BUYERS = ("client", "prospect")
SELLERS = ("partner", "dealer", "agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A field of one's own as the catalogue makes it. `profile`: each value keeps its source and
    date."""

    key: str
    label: Text
    help: Text
    roles: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    type: str = "text"
    profile: bool = False


SUGGESTED = (
    Suggestion(
        key="family",
        label=_("Family"),
        help=_("Married, children, whose birthday not to miss."),
        roles=(*BUYERS, *SELLERS),
        kinds=PERSON,
        profile=True,
    ),
    Suggestion(
        key="income",
        label=_("Income"),
        help=_("What the person earns in a year, as far as it was told."),
        roles=(*BUYERS, "investor"),
        kinds=PERSON,
        type="money",
        profile=True,
    ),
    Suggestion(
        key="property",
        label=_("Property"),
        help=_("House, car and whatever else matters for an offer."),
        roles=(*BUYERS, "investor"),
        kinds=PERSON,
        profile=True,
    ),
    Suggestion(
        key="preferences",
        label=_("Preferences"),
        help=_("What the person likes, and what to avoid."),
        roles=(*BUYERS, *SELLERS),
        kinds=PERSON,
        profile=True,
    ),
    Suggestion(
        key="needs",
        label=_("Needs"),
        help=_("What they buy or could buy, from us or from others."),
        roles=BUYERS,
        type="longtext",
        profile=True,
    ),
    Suggestion(
        key="credit_limit",
        label=_("Credit limit"),
        help=_("How much they may owe us at a time."),
        roles=("client", "dealer"),
        type="money",
    ),
    Suggestion(
        key="territory",
        label=_("Territory"),
        help=_("Where they sell what is ours."),
        roles=SELLERS,
    ),
    Suggestion(
        key="discount",
        label=_("Discount, %"),
        help=_("What was agreed, off the price list."),
        roles=SELLERS,
        type="decimal",
    ),
    Suggestion(
        key="products",
        label=_("Products"),
        help=_("What they make or bring, and at which prices."),
        roles=("competitor", "supplier"),
        kinds=FIRM,
        type="longtext",
        profile=True,
    ),
    Suggestion(
        key="strengths",
        label=_("Strengths and weaknesses"),
        help=_("Where they are better than we are, and where not."),
        roles=("competitor",),
        type="longtext",
        profile=True,
    ),
    Suggestion(
        key="delivery_time",
        label=_("Delivery time, days"),
        help=_("From the order until the goods or the work are here."),
        roles=("supplier", "subcontractor"),
        type="integer",
    ),
    Suggestion(
        key="interested_in",
        label=_("Interested in"),
        help=_("Which projects they would put money into, and how much."),
        roles=("investor",),
        type="longtext",
        profile=True,
    ),
)


def left(session: Any) -> list[Suggestion]:
    """The suggestions of which there is no field yet."""
    there = {row.key for row in define.listing(session, ENTITY)}
    return [each for each in SUGGESTED if each.key not in there]


def turn_on(session: Any, keys: Collection[str], kept: Collection[str]) -> int:
    """Make fields of these suggestions, for those of their roles that are kept, with the words of
    the language in use; how many there are now more. `session` is as `define` wants it.

    Raises Invalid: for an unknown one, or one whose roles are not kept.
    """
    offered = {each.key: each for each in left(session)}
    if not set(keys) <= set(offered):
        raise Invalid({"fields": [_("Choose one of the list.")]})
    for key, each in offered.items():
        if key not in keys:
            continue
        roles = [role for role in each.roles if role in kept]
        if not roles:
            text = _("“%(label)s” is for roles that you do not keep.") % {"label": each.label}
            raise Invalid({"fields": [text]})
        data: dict[str, Any] = {
            "key": key,
            "label": str(each.label),
            "help": str(each.help),
            "type": each.type,
        }
        data |= {"kinds": list(each.kinds), "roles": roles, "profile": each.profile}
        define.create(session, ENTITY, data)
    return len(keys)
