"""A few fictional firms, people and activities, so that a new site shows how it looks in use.

All names are invented; addresses end in example.org and its like (RFC 2606), numbers are those
kept for drama (+44 20 7946 0…, +1 202 555 01…).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from kontora.access.models import SiteState
from kontora.access.principal import system
from kontora.access.session import ScopedSession
from kontora.lifecycle.site import Site
from kontora.records import service

KEY = "sample"
DOOR = {"door": "administration"}
_state: Any = SiteState.__table__

# Key → name, industry, role, city, country, mail domain, tags.
FIRMS: Mapping[str, tuple[str, str, str, str, str, str, tuple[str, ...]]] = {
    "harbour": ("Harbour & Field Ltd", "logistics", "client", "Bristol", "GB", "harbour", ("vip",)),
    "quill": ("Quillstone Press", "publishing", "prospect", "Boston", "US", "quillstone", ()),
    "north": ("Northmill Instruments", "instruments", "supplier", "Leeds", "GB", "northmill", ()),
    "sever": ("ООО «Северный причал»", "логистика", "client", "Кола", "RU", "prichal", ("vip",)),
    "lugov": ("Луговая аптека", "фармацевтика", "partner", "Тверь", "RU", "lugovaya", ("retail",)),
    "stanok": ("АО «Станкосбор»", "машиностроение", "competitor", "Пермь", "RU", "stankosbor", ()),
    "yavir": ("ТОВ «Яворина»", "деревообробка", "client", "Львів", "UA", "yavoryna", ()),
    "svitlo": ("Світлотехніка Плюс", "освітлення", "dealer", "Дніпро", "UA", "svitlo", ("retail",)),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Someone:
    """One person of the sample: who he is, where he works and to whom he reports."""

    given: str
    family: str
    firm: str | None
    title: str = ""
    boss: str | None = None
    phone: str = ""
    born: str | None = None
    role: str | None = None


PEOPLE: Mapping[str, Someone] = {
    "mabel": Someone(given="Mabel", family="Thornbury", firm="harbour", title="Managing director",
                     phone="+44 20 7946 0101", born="1974-03-18"),
    "owen": Someone(given="Owen", family="Castell", firm="harbour", title="Head of purchasing",
                    boss="mabel", phone="+44 20 7946 0102"),
    "priya": Someone(given="Priya", family="Ravenel", firm="quill", title="Editor in chief",
                     phone="+1 202 555 0143", born="1985-11-02"),
    "tom": Someone(given="Tom", family="Ashgrove", firm="north", title="Account manager",
                   phone="+44 20 7946 0117"),
    "lena": Someone(given="Елена", family="Приходько", firm="sever",
                    title="Генеральный директор", born="1979-06-25"),
    "pavel": Someone(given="Павел", family="Ёлкин", firm="sever", title="Начальник склада",
                     boss="lena"),
    "vera": Someone(given="Вера", family="Луговая", firm="lugov", title="Владелица",
                    born="1968-12-09"),
    "gleb": Someone(given="Глеб", family="Рудаков", firm="lugov", title="Закупщик", boss="vera"),
    "zinaida": Someone(given="Зинаида", family="Токарева", firm="stanok",
                       title="Коммерческий директор"),
    "oksana": Someone(given="Оксана", family="Ґалаґан", firm="yavir", title="Директорка",
                      born="1981-08-14"),
    "taras": Someone(given="Тарас", family="Об’їждчик", firm="yavir", title="Головний технолог",
                     boss="oksana"),
    "iryna": Someone(given="Ірина", family="Яремчук", firm="svitlo", title="Керівниця відділу",
                     born="1990-01-30"),
    "denys": Someone(given="Денис", family="Кобза", firm="svitlo", title="Менеджер",
                     boss="iryna"),
    "alma": Someone(given="Alma", family="Fenwick", firm=None, role="agent",
                    phone="+1 202 555 0167"),
    "yegor": Someone(given="Егор", family="Саввин", firm=None, role="investor"),
}  # fmt: skip

# Kind, subject, days from today (negative: done), hour (UTC), with whom, text.
ACTIVITIES: tuple[tuple[str, str, int, int, tuple[str, ...], str], ...] = (
    ("call", "First talk about freight rates", -64, 9, ("owen",), "One price for both ports?"),
    ("meeting", "Visit at the harbour", -51, 10, ("mabel", "owen", "harbour"), ""),
    ("mail", "Offer sent", -46, 14, ("owen",), "Valid for thirty days."),
    ("letter", "Framework agreement signed", -30, 11, ("mabel", "harbour"), ""),
    ("call", "How was the first delivery?", -12, 9, ("owen",), "Two pallets late, else happy."),
    ("call", "Introduction", -8, 15, ("priya", "quill"), "Call again after the book fair."),
    ("note", "Prefers to be written to", -8, 16, ("priya",), ""),
    ("mail", "Price list for the new year", -5, 8, ("tom",), ""),
    ("call", "Знакомство", -58, 7, ("lena", "sever"), "Просит прислать условия на зиму."),
    ("mail", "Коммерческое предложение", -55, 8, ("lena",), ""),
    ("visit", "Осмотр склада", -40, 9, ("pavel", "sever"), "Нужны два дополнительных въезда."),
    ("meeting", "Подписание договора", -33, 10, ("lena", "sever"), ""),
    ("chat", "Уточнение адреса доставки", -9, 12, ("pavel",), ""),
    ("call", "Жалоба на задержку", -3, 8, ("pavel",), "Обещали ответить до пятницы."),
    ("call", "Переговоры о скидке", -20, 9, ("gleb", "lugov"), ""),
    ("meeting", "Виставка у Львові", -27, 10, ("oksana", "taras"), "Показали нові зразки."),
    ("mail", "Каталог і умови", -25, 13, ("taras",), ""),
    ("call", "Замовлення на пробну партію", -6, 11, ("oksana", "yavir"), ""),
    ("fax", "Підписана накладна", -4, 9, ("iryna", "svitlo"), ""),
    ("task", "Prepare the yearly review", 2, 9, ("harbour",), ""),
    ("call", "Call after the book fair", 6, 15, ("priya",), ""),
    ("task", "Ответить на жалобу", -1, 15, ("pavel", "sever"), "Просрочено: напомнить складу."),
    ("meeting", "Обсудить план на квартал", 9, 10, ("vera", "lugov"), ""),
    ("call", "Уточнити терміни постачання", 1, 9, ("denys",), ""),
    ("visit", "Приймання партії", 14, 11, ("oksana", "taras", "yavir"), ""),
)  # fmt: skip


def add_sample(site: Site, owner: UUID | None = None) -> int:
    """Add the sample unless it was added before; return how many records were made.

    `owner` is the user to whom they belong; without one they are seen by head and administrator.
    The ids are kept, so that the sample can be told from real records later.
    """
    with site.write(system("sample")) as session:
        known = select(_state.c.key).where(_state.c.key == KEY)
        if session.execute(known, execution_options=DOOR).first() is not None:
            return 0
        more = {"owner": str(owner)} if owner else {}
        parties = _firms(session, more)
        for key, someone in PEOPLE.items():
            parties[key] = _person(session, someone, parties, more)
        activities = [_activity(session, row, parties, more) for row in ACTIVITIES]
        ids = {"party": [str(one) for one in parties.values()]}
        ids["activity"] = [str(one) for one in activities]
        row = {"key": KEY, "value": ids, "updated_at": session.now}
        session.execute(insert(_state), [row], execution_options=DOOR)
        return len(parties) + len(activities)


def _firms(session: ScopedSession, more: Mapping[str, Any]) -> dict[str, UUID]:
    rtype = session.registry.record_type("counterparties")
    made: dict[str, UUID] = {}
    since = session.now.date() - timedelta(days=400)
    for key, (name, industry, role, city, country, domain, tags) in FIRMS.items():
        data = {
            "display_name": name,
            "industry": industry,
            "roles": [{"role": role, "from": since.isoformat()}],
            "addresses": [{"locality": city, "country": country}],
            "points": [
                {"kind": "email", "value": f"office@{domain}.example.org", "label": "work"},
                {"kind": "web", "value": f"https://{domain}.example.org/"},
            ],
            "tags": list(tags),
            **more,
        }
        made[key] = service.create_record(session, rtype, data).id
    return made


def _person(
    session: ScopedSession, who: Someone, parties: Mapping[str, UUID], more: Mapping[str, Any]
) -> UUID:
    domain = f"{FIRMS[who.firm][5]}.example.org" if who.firm else "example.net"
    local = next(key for key, each in PEOPLE.items() if each is who)
    points = [{"kind": "email", "value": f"{local}@{domain}", "label": "work"}]
    if who.phone:
        points.append({"kind": "phone", "value": who.phone, "label": "work"})
    data: dict[str, Any] = {
        "given": who.given,
        "family": who.family,
        "points": points,
        "birth_date": who.born,
        **more,
    }
    if who.role:
        data["roles"] = [{"role": who.role}]
    if who.firm:
        since = (session.now.date() - timedelta(days=700)).isoformat()
        place = {"organisation": str(parties[who.firm]), "title": who.title, "from": since}
        data["affiliations"] = [
            place | ({"reports_to": str(parties[who.boss])} if who.boss else {})
        ]
    return service.create_record(session, session.registry.record_type("contacts"), data).id


def _activity(
    session: ScopedSession,
    row: tuple[str, str, int, int, tuple[str, ...], str],
    parties: Mapping[str, UUID],
    more: Mapping[str, Any],
) -> UUID:
    kind, subject, days, hour, whom, text = row
    day = session.now.date() + timedelta(days=days)
    moment = datetime.combine(day, time(hour), session.now.tzinfo).isoformat()
    planned = days > 0 or kind == "task"
    data = {
        "kind": kind,
        "subject": subject,
        "body": text or None,
        "parties": [str(parties[each]) for each in whom],
        "due_at" if planned else "done_at": moment,
        **more,
    }
    return service.create_record(session, session.registry.record_type("activities"), data).id
