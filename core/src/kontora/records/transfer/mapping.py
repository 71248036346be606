"""The mapping file of an import: a JSON object from column to field path."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kontora.errors import Invalid
from kontora.text import Text, _


def is_allowed(path: str, allowed: Iterable[str]) -> bool:
    """Is `path` among the allowed ones? `custom.*` allows every path that begins so."""
    for known in allowed:
        if path == known:
            return True
        if known.endswith(".*") and path.startswith(known[:-1]) and len(path) > len(known) - 1:
            return True
    return False


def read_mapping(path: Path) -> dict[str, Any]:
    """A mapping file as column → path. Raises `Invalid` for one that is no such object.

    What the pairs name is checked by `check_mapping`, against the file that is to be imported.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except (OSError, UnicodeDecodeError) as error:
        reason = _("The mapping file cannot be read: %(error)s.") % {"error": str(error)}
        raise Invalid({"mapping": [reason]}) from None
    except (ValueError, RecursionError) as error:
        reason = _("The mapping file is not valid JSON: %(error)s.") % {"error": str(error)}
        raise Invalid({"mapping": [reason]}) from None
    if not isinstance(found, dict):
        reason = _('The mapping file must be one JSON object, such as {"Mail": "email"}.')
        raise Invalid({"mapping": [reason]})
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs of an object; JSON itself takes the last of two without a word."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            text = _("The column “%(name)s” is named twice.") % {"name": name}
            raise Invalid({f"mapping.{name}": [text]})
        found[name] = value
    return found


def check_mapping(
    entries: Iterable[tuple[str, Any]], columns: Sequence[str], allowed: Iterable[str]
) -> dict[str, str]:
    """Check pairs of column and path; returns them by the file's own column names.

    A path of None or "" leaves its column out on purpose. Raises `Invalid`, with a message for
    each wrong entry.
    """
    known = tuple(sorted(allowed))
    errors: dict[str, list[object]] = {}
    result: dict[str, str] = {}
    for column, path in entries:
        found = _find(column, columns)
        problem: Text = ""
        if not found:
            problem = _unknown_column(column, columns)
        elif found in result:
            problem = _("The column “%(name)s” is named twice.") % {"name": column}
        elif path in (None, ""):
            continue
        elif not isinstance(path, str) or not is_allowed(path, known):
            problem = _unknown_path(path, known)
        if problem:
            errors.setdefault(f"mapping.{column}", []).append(problem)
        else:
            result[found] = str(path)
    if not errors and not result:
        errors["mapping"] = [_("The mapping names no column at all.")]
    if errors:
        raise Invalid(errors)
    return result


def _find(column: str, columns: Sequence[str]) -> str:
    """The column of the file that is meant; blanks and capitals do not matter."""
    if column in columns:
        return column
    folded = " ".join(column.split()).lower()
    alike = [name for name in columns if name.lower() == folded]
    return alike[0] if len(alike) == 1 else ""


def _unknown_column(column: str, columns: Sequence[str]) -> Text:
    text = _("The file has no column “%(name)s”. It has: %(columns)s.")
    return text % {"name": column, "columns": ", ".join(columns)}


def _unknown_path(path: object, known: Sequence[str]) -> Text:
    close = difflib.get_close_matches(str(path), known, n=1, cutoff=0.7)
    if close:
        text = _("There is no field “%(path)s” (did you mean “%(close)s”?). Known: %(known)s.")
        return text % {"path": str(path), "close": close[0], "known": ", ".join(known)}
    text = _("There is no field “%(path)s”. Known: %(known)s.")
    return text % {"path": str(path), "known": ", ".join(known)}
