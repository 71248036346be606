"""Notices of core: a record was given to me, an activity is mine to do, an import ended.

Records given in one transaction make one notice, however many they are: it is written when the
transaction is about to end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import event

from kontora.hookspecs import hookimpl
from kontora.records import notices
from kontora.registry.faces import NoticeKind
from kontora.registry.records import Change
from kontora.text import Text, _, n_

GIVEN, ASSIGNED, MENTION, IMPORT, REPORT = "given", "assigned", "mention", "import", "report"
_INFO = "telling.given"


@hookimpl
def register_notice_kinds() -> Iterable[NoticeKind]:
    """What core tells its users."""
    return (
        NoticeKind(name=GIVEN, label=_("A record was given to me"), default="mail", icon="gift"),
        NoticeKind(
            name=ASSIGNED,
            label=_("An activity was planned for me"),
            default="mail",
            icon="calendar-event",
        ),
        NoticeKind(name=MENTION, label=_("Somebody mentioned me"), default="mail", icon="at"),
        NoticeKind(name=IMPORT, label=_("My import has ended"), icon="upload"),
        NoticeKind(name=REPORT, label=_("My report is ready"), icon="chart-bar"),
        NoticeKind(name="watch", label=_("Unusual reading"), default="mail", icon="eye"),
    )


@hookimpl
def record_changed(session: Any, change: Change) -> None:
    """Remember who became an owner by the hand of somebody else."""
    if change.verb not in ("create", "change") or change.record is None:
        return
    owner = getattr(change.record, "owner_id", None)
    me = session.principal.user_id
    if owner is None or me is None or owner == me or "owner" not in change.after:
        return
    given = session.info.get(_INFO)
    if given is None:
        given = session.info[_INFO] = {}
        event.listen(session, "before_commit", _tell)
    given.setdefault((owner, change.entity), {})[change.record_id] = change.record


def _tell(session: Any) -> None:
    """Write what was gathered; a savepoint that ends is not yet the end."""
    if session.in_nested_transaction():
        return
    given, session.info[_INFO] = session.info.get(_INFO), {}
    for (owner, entity), records in (given or {}).items():
        # A savepoint may have taken some of them back.
        kept = [each for each in records.values() if each in session and each.owner_id == owner]
        if kept:
            _tell_one(session, owner, entity, kept)


def _tell_one(session: Any, owner: UUID, entity: str, records: list[Any]) -> None:
    first = records[0]
    kind = getattr(first, "kind", None) if entity == "party" else None
    rtype = session.registry.of_entity(entity, kind)
    if rtype is None:
        return
    number, who = len(records), session.principal.name
    text: Text
    if entity == "activity" and number == 1:
        text = _("%(who)s planned an activity for you: %(name)s.")
    elif entity == "activity":
        text = n_(
            "%(who)s planned %(n)s activity for you.",
            "%(who)s planned %(n)s activities for you.",
            number,
        )
    elif number == 1:
        text = _("%(who)s gave you %(name)s.")
    else:
        text = n_("%(who)s gave you %(n)s record.", "%(who)s gave you %(n)s records.", number)
    one = f"/{rtype.path}/{first.id}"
    link = one if number == 1 else f"/{rtype.path}?owner=me&sort=-updated_at"
    params = {"who": who, "name": _name(session, rtype, first), "n": number}
    told = ASSIGNED if entity == "activity" else GIVEN
    notices.tell(session, [owner], told, text, params, link)


def _name(session: Any, rtype: Any, record: Any) -> str:
    name = str(getattr(record, rtype.title, "") or "")
    if not name and rtype.entity == "activity":
        name = str(session.registry.labels("activity", "kind").get(record.kind, ""))
    return name[:200] or str(_("no name"))


def import_ended(session: Any, run: Any, read: int) -> None:
    """Whoever began an import hears of its end, once."""
    user = session.principal.user_id
    if user is not None:
        text = n_("Your import of %(file)s has ended: %(n)s row.",
                  "Your import of %(file)s has ended: %(n)s rows.", read)  # fmt: skip
        params = {"file": run.file_name, "n": read}
        notices.tell(
            session, [user], IMPORT, text, params, f"/import/{run.id}", key=f"import.{run.id}"
        )
