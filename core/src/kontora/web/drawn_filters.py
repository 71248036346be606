"""The operators of a filter in words: the same for all fields of a type, so they are drawn once."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

from kontora import text
from kontora.registry.fields import FieldType
from kontora.text import Text, _

Operators = tuple[tuple[str, Text], ...]
TEXT: Operators = (
    ("contains", _("contains")),
    ("eq", _("is")),
    ("starts", _("starts with")),
    ("ne", _("is not")),
)
ORDER: Operators = (("ge", _("from")), ("le", _("up to")), ("eq", _("is")))
# Those that begin with @ are made into words for days: `last_30_days`.
DATES: Operators = (
    ("@is", _("is")),
    ("@last", _("in the last … days")),
    ("@notlast", _("not in the last … days")),
    ("@ago", _("more than … days ago")),
    ("@next", _("in the next … days")),
    ("ge", _("from")),
    ("le", _("up to")),
    ("eq", _("on the day")),
)
PICK: Operators = (("eq", _("is")), ("ne", _("is not")))
SEVERAL: Operators = (("in", _("is one of")), ("nin", _("is none of")))
YES_OR_NO: Operators = (("eq", _("is")),)
FILLED: Operators = (("empty", _("is empty")), ("filled", _("is filled in")))
ANSWERED: Operators = (("empty", _("is not answered")), ("filled", _("is answered")))
_OF: dict[str, Operators] = {
    **dict.fromkeys((FieldType.DATE, FieldType.DATETIME), DATES),
    **dict.fromkeys((FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY), ORDER),
    **dict.fromkeys((FieldType.CHOICE, FieldType.CHOICES), SEVERAL),
    **dict.fromkeys((FieldType.REFERENCE, FieldType.TAGS), PICK),
    FieldType.BOOLEAN: YES_OR_NO,
}


def operators(kind: str) -> Markup:
    """The choices of what may be asked of a field of this type. The names are those of the record
    service."""
    return _drawn(str(kind), text.locale())


@lru_cache(maxsize=200)
def _drawn(kind: str, _language: str) -> Markup:
    found = (*_OF.get(kind, TEXT), *(ANSWERED if kind == FieldType.BOOLEAN else FILLED))
    return Markup("").join(
        Markup('<option value="{}">{}</option>').format(op, label) for op, label in found
    )
