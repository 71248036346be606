"""Check JSON values against the shapes of `kontora.rest.shapes`.

Only the keywords and formats that those shapes use are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kontora.errors import Invalid
from kontora.rest.shapes import COMPONENTS, Shape
from kontora.text import Text, _

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}
_NAMES: Mapping[str, Text] = {
    "string": _("a text"),
    "integer": _("a whole number"),
    "number": _("a number"),
    "boolean": _("true or false"),
    "null": _("null"),
    "object": _("an object"),
    "array": _("a list"),
}
_FORMATS: Mapping[str, tuple[Callable[[str], Any], Text]] = {
    "uuid": (UUID, _("This is not an id.")),
    "date": (date.fromisoformat, _("This is not a date: write it as 2026-12-31.")),
    "date-time": (datetime.fromisoformat, _("This is not a time: write it as in ISO 8601.")),
}
_PREFIX = "#/components/schemas/"


def check(shape: Shape, value: Any, *, read_only: Collection[str] = ()) -> None:
    """Raise Invalid with a message per path when `value` does not have the shape."""
    errors: dict[str, list[Text]] = {}
    _Checker(errors, read_only).value(shape, value, "")
    if errors:
        raise Invalid(errors)


class _Checker:
    def __init__(self, errors: dict[str, list[Text]], read_only: Collection[str]) -> None:
        self.errors, self.read_only = errors, read_only

    def note(self, path: str, text: Text) -> None:
        self.errors.setdefault(path, []).append(text)

    def value(self, shape: Shape, value: Any, path: str) -> None:
        if "$ref" in shape:
            self.value(COMPONENTS[shape["$ref"].removeprefix(_PREFIX)], value, path)
        for each in shape.get("allOf", ()):
            self.value(each, value, path)
        if "anyOf" in shape:
            self._any(shape["anyOf"], value, path)
        kinds = shape.get("type")
        if kinds is not None and not self._has_type(kinds, value, path):
            return
        if isinstance(value, str):
            self._text(shape, value, path)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._number(shape, value, path)
        elif isinstance(value, list):
            self._list(shape, value, path)
        elif isinstance(value, dict):
            self._object(shape, value, path)
        if "enum" in shape and value not in shape["enum"]:
            known = ", ".join(str(each) for each in shape["enum"] if each is not None)
            self.note(path, _("Must be one of: %(k)s.") % {"k": known})

    def _any(self, shapes: list[Shape], value: Any, path: str) -> None:
        best: dict[str, list[Text]] | None = None
        for each in shapes:
            errors: dict[str, list[Text]] = {}
            _Checker(errors, ()).value(each, value, path)
            if not errors:
                return
            # Of several ways that fail, the one that got furthest explains best.
            if best is None or max(map(len, errors)) > max(map(len, best)):
                best = errors
        self.errors.update(best or {})

    def _has_type(self, kinds: str | list[str], value: Any, path: str) -> bool:
        names = [kinds] if isinstance(kinds, str) else kinds
        for name in names:
            if isinstance(value, _TYPES[name]) and isinstance(value, bool) <= (name == "boolean"):
                return True
        expected = " / ".join(str(_NAMES[name]) for name in names if name != "null")
        if value is None:
            self.note(path, _("A value is needed."))
        else:
            self.note(path, _("Expected: %(kinds)s.") % {"kinds": expected})
        return False

    def _text(self, shape: Shape, value: str, path: str) -> None:
        if len(value) > shape.get("maxLength", len(value)):
            limit = shape["maxLength"]
            self.note(path, _("At most %(n)s characters.") % {"n": limit})
        if len(value) < shape.get("minLength", 0):
            self.note(path, _("A value is needed."))
        form = _FORMATS.get(shape.get("format", ""))
        if form is not None and not _is_read_by(form[0], value):
            self.note(path, form[1])
        if "pattern" in shape and not re.search(shape["pattern"], value):
            self.note(path, _("The value does not have the expected form."))

    def _number(self, shape: Shape, value: float, path: str) -> None:
        if not shape.get("minimum", value) <= value <= shape.get("maximum", value):
            self.note(path, _("This number is out of range."))

    def _list(self, shape: Shape, value: list[Any], path: str) -> None:
        if len(value) > shape.get("maxItems", len(value)):
            self.note(path, _("At most %(n)s entries.") % {"n": shape["maxItems"]})
            return
        if len(value) < shape.get("minItems", 0):
            self.note(path, _("A value is needed."))
        for number, each in enumerate(value):
            self.value(shape.get("items", {}), each, _join(path, str(number)))

    def _object(self, shape: Shape, value: dict[str, Any], path: str) -> None:
        members = shape.get("properties", {})
        others = shape.get("additionalProperties", True)
        for name in shape.get("required", ()):
            if name not in value:
                self.note(_join(path, name), _("A value is needed."))
        for name, each in value.items():
            inner = _join(path, name)
            if "propertyNames" in shape:
                self.value({"type": "string", **shape["propertyNames"]}, name, inner)
            if name in members:
                self.value(members[name], each, inner)
            elif others is False:
                fixed = not path and name in self.read_only
                self.note(inner, _("This field is read-only.") if fixed else _("Unknown field."))
            elif isinstance(others, dict):
                self.value(others, each, inner)


def _is_read_by(parse: Callable[[str], Any], value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
