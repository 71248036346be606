"""Files in words: how large, of what type, and what was wrong with one."""

from __future__ import annotations

from collections.abc import Mapping

from kontora.records.files import kinds
from kontora.text import Text, _
from kontora.web import formats

_TYPES: Mapping[str, Text] = {
    kinds.PDF: _("PDF"),
    kinds.DOCX: _("Word document"),
    kinds.XLSX: _("Excel sheet"),
    kinds.PPTX: _("PowerPoint slides"),
    kinds.TEXT: _("Text"),
    "text/html": _("Web page"),
    "text/xml": _("XML"),
    "image/svg+xml": _("Drawing (SVG)"),
    "application/zip": _("Archive"),
    "application/gzip": _("Archive"),
    "application/x-7z-compressed": _("Archive"),
    "application/vnd.rar": _("Archive"),
    "application/rtf": _("Text"),
    "application/x-ole-storage": _("Older office document"),
}
_GROUPS: Mapping[str, Text] = {"image": _("Picture"), "audio": _("Sound"), "video": _("Film")}
_PROBLEMS: Mapping[str, Text] = {
    "damaged": _("It cannot be read: its content is damaged or not what its beginning says."),
    "protected": _("It is locked by a password, so there is no preview."),
    "too_large": _("It would become too large when opened, so there is no preview."),
    "too_long": _("Reading it took too long, so there is no preview."),
    "too_much_memory": _("Reading it takes too much memory, so there is no preview."),
}


def size(value: int) -> str:
    """`640 B`, `12 kB`, `3.4 MB`, as people of this locale write numbers."""
    if value < 1_000:
        return f"{value}\N{NO-BREAK SPACE}{_('B')}"
    if value < 1_000_000:
        return f"{_number(value / 1_000, 0)}\N{NO-BREAK SPACE}{_('kB')}"
    return f"{_number(value / 1_000_000, 1)}\N{NO-BREAK SPACE}{_('MB')}"


def _number(value: float, places: int) -> str:
    from babel.numbers import format_decimal

    pattern = "#,##0.#" if places else "#,##0"
    return format_decimal(round(value, places), format=pattern, locale=formats.locale())


def type_name(content_type: str) -> str:
    """A content type in words."""
    known = _TYPES.get(content_type) or _GROUPS.get(content_type.partition("/")[0])
    return str(known or _("File"))


def problem(name: str | None) -> str:
    """Why there is no preview."""
    return str(_PROBLEMS[name or ""]) if name in _PROBLEMS else ""
