"""Saves and files of a record as entries of its timeline, beside calls and meetings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from kontora.access.session import ScopedSession
from kontora.records.changes import HistoryEntry
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import formats
from kontora.web.records.history_page import VERBS, in_words, who

FILES = frozenset({"attach", "detach", "rename"})
_FILE_WORDS: Mapping[str, Text] = {
    "attach": _("File added: %(name)s"),
    "detach": _("File removed: %(name)s"),
    "rename": _("File renamed: %(name)s"),
}
_ICONS: Mapping[str, str] = {
    "create": "circle-plus",
    "import": "file-import",
    "hand_over": "transfer",
    "hand_back": "transfer",
    "delete": "trash",
    "restore": "arrow-back-up",
    "merge": "git-merge",
    "consent": "shield-check",
}
NAMED = 3
# Follows the given and family name of a person; not worth a word beside them.
MADE = "display_name"


def of(
    session: ScopedSession, rtype: RecordType, record_id: UUID, entries: Iterable[HistoryEntry]
) -> list[dict[str, Any]]:
    """One entry for each run of changes that one person made on one day; files stand alone."""
    runs = [list(those) for _key, those in groupby(entries, key=_run)]
    return [_entry(session, rtype, record_id, those) for those in runs]


def _run(entry: HistoryEntry) -> tuple[object, ...]:
    alone = entry.verb != "change"
    day = formats.local(entry.at).date()
    return (entry.id,) if alone else (entry.principal_kind, entry.who, day)


def _entry(
    session: ScopedSession, rtype: RecordType, record_id: UUID, run: Sequence[HistoryEntry]
) -> dict[str, Any]:
    newest = run[0]
    is_file = newest.verb in FILES
    rows = [] if is_file else in_words(session, rtype, record_id, run)
    fields = [each for change in rows for each in change["fields"]]
    own = [each for each in fields if each["name"] != MADE]
    fields = own or fields
    return {
        "id": f"change-{newest.id}",
        "kind": "file" if is_file else "change",
        "icon": "paperclip" if is_file else _ICONS.get(newest.verb, "pencil"),
        "title": _file_words(newest) if is_file else _title(newest, fields),
        "who": who(newest),
        "when": newest.at,
        "quiet": True,
        "fields": fields,
    }


def _file_words(entry: HistoryEntry) -> str:
    values = [value for _name, _label, old, new in entry.fields for value in (new, old) if value]
    name = values[0] if values else ""
    if isinstance(name, Mapping):
        name = name.get("name", "")
    return str(_FILE_WORDS[entry.verb] % {"name": name})


def _title(entry: HistoryEntry, fields: Sequence[Mapping[str, Any]]) -> str:
    if entry.verb == "create":
        imported = (entry.source or "").startswith("import:")
        return str(_("Imported") if imported else _("Created"))
    labels = list(dict.fromkeys(str(each["label"]) for each in fields))
    if entry.verb == "change" and labels:
        named = ", ".join(labels[:NAMED])
        if len(labels) > NAMED:
            more = {"names": named, "n": len(labels) - NAMED}
            return str(_("Changed: %(names)s and %(n)s more") % more)
        return str(_("Changed: %(names)s") % {"names": named})
    verb = str(VERBS.get(entry.verb, entry.verb))
    return verb[:1].upper() + verb[1:]
