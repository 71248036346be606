"""What is wrong with a form, beside the right field and in words that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kontora.registry.fields import Field, FieldType
from kontora.text import Text, _

# The checks of marshmallow speak English only and to programmers.
_WORDS: tuple[tuple[str, Text], ...] = (
    (r"Missing data for required field\.|Field may not be null\.", _("Fill this in.")),
    (r"Not a valid integer\.", _("Enter a whole number.")),
    (r"Not a valid (number|decimal)\.", _("Enter a number.")),
    (r"Not a valid date\.", _("Enter a date, for example 31.12.2026.")),
    (r"Not a valid (aware |naive )?datetime\.", _("Enter a date and a time.")),
    (r"Must be one of: .*", _("Choose one of the list.")),
    (r"Unknown field\.", _("This field is unknown, or you may not change it.")),
    (r"String does not match expected pattern\.", _("Write a currency like EUR.")),
    (r"Must be (greater|less) than .*", _("This number is too large or too small.")),
    (r"Not a valid (boolean|string|mapping type)\.", _("This cannot be understood.")),
    (r"This is not an id\.", _("Choose one of those that the search offers.")),
)
_TOO_LONG = re.compile(r"Longer than maximum length (\d+)\.")


def explained(message: object) -> str:
    """A message of a check in the user's language."""
    text = str(message)
    if found := _TOO_LONG.fullmatch(text):
        return str(_("Use at most %(n)s characters.") % {"n": found[1]})
    for pattern, words in _WORDS:
        if re.fullmatch(pattern, text):
            return str(words)
    return text


def by_path(
    errors: Mapping[str, Sequence[object]], fields: Iterable[Field]
) -> dict[str, list[str]]:
    """Errors by the paths that the inputs of the form have."""
    declared = {each.name: each for each in fields}
    found: dict[str, list[str]] = {}
    for path, messages in errors.items():
        texts = [explained(each) for each in messages]
        found.setdefault(_input(path, declared), []).extend(texts)
    return found


def _input(path: str, declared: Mapping[str, Field]) -> str:
    name = next((name for name in declared if path == name or path.startswith(f"{name}.")), None)
    if name is None or path == name:
        return path
    field, rest = declared[name], path.removeprefix(f"{name}.")
    if field.type in (FieldType.TAGS, FieldType.CHOICES, FieldType.MONEY):
        return name
    if field.collection is not None and field.collection.single and rest.isdigit():
        return f"{path}.{field.collection.single}"
    return name if rest.isdigit() else path


def labels(errors: Iterable[str], fields: Iterable[Field]) -> dict[str, str]:
    """How the paths of errors are called in the form: “Contact points 2, Value”."""
    declared = {each.name: each for each in fields}
    found: dict[str, str] = {}
    for path in errors:
        name = next((n for n in declared if path == n or path.startswith(f"{n}.")), None)
        if name is None:
            continue
        field, label = declared[name], str(declared[name].label)
        number, _dot, sub = path.removeprefix(name).removeprefix(".").partition(".")
        if field.collection is not None and number.isdigit():
            inner = next((each for each in field.collection.fields if each.name == sub), None)
            label = f"{label} {int(number) + 1}" + (f", {inner.label}" if inner else "")
        found[path] = label
    return found
