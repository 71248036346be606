"""The shell: menu, palette, star, look of the company, app of the device, forms sent twice."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from kontora.access.principal import system
from kontora.errors import Invalid
from kontora.lifecycle import brand, webserver
from kontora.lifecycle.site import Site
from kontora.records import notices
from kontora.text import _
from kontora.web.live import Hub
from kontora.web.mentions import mentioned

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def labels(client: Any) -> dict[str, dict[str, Any]]:
    return {each["label"]: each for each in client.get("/palette").json["items"]}


# Menu


def test_administration_is_one_entry_with_a_page_of_its_own(as_role: Callable[..., Any]) -> None:
    admin = as_role("administrator")
    side = admin.get("/").text.partition("</aside>")[0]
    assert side.count('href="/admin') == 1
    index = admin.get("/admin").text
    for path in ("users", "roles", "settings", "appearance", "health"):
        assert f'href="/admin/{path}"' in index
    inside = admin.get("/admin/users").text
    assert 'aria-label="Administration"' in inside and 'href="/admin/roles"' in inside


def test_a_manager_is_shown_no_administration(as_role: Callable[..., Any]) -> None:
    manager = as_role("manager")
    assert 'href="/admin' not in manager.get("/").text
    assert manager.get("/admin").status_code == 403


def test_groups_are_seven_at_most_and_the_bar_of_a_phone_has_four(
    as_role: Callable[..., Any],
) -> None:
    page = as_role("administrator").get("/").text
    assert page.partition("</aside>")[0].count('class="k-nav-group"') <= 7
    bar = page.partition('class="k-bottom"')[2].partition("</nav>")[0]
    assert bar.count("<a ") == 4


# Palette


def test_the_palette_offers_what_the_user_may_do_and_no_more(as_role: Callable[..., Any]) -> None:
    admin, manager, auditor = (as_role(role) for role in ("administrator", "manager", "auditor"))
    mine = labels(manager)
    assert {"Contacts", "New contact", "Log a call with…", "Switch to dark"} <= mine.keys()
    assert mine["Log a call with…"]["asks"] == "parties"
    assert not {"Users", "New user", "Administration"} & mine.keys()
    assert {"Users", "New user", "Administration"} <= labels(admin).keys()
    assert not {"New contact", "Log a call with…"} & labels(auditor).keys()


def test_it_knows_names_in_all_languages_and_shows_keys(as_role: Callable[..., Any]) -> None:
    found = labels(as_role("manager"))
    assert "Контакты" in found["Contacts"]["also"] and "Контакти" in found["Contacts"]["also"]
    assert found["Contacts"]["keys"] == ["G", "C"]


def test_an_unchanged_index_is_not_sent_again(as_role: Callable[..., Any]) -> None:
    client = as_role("manager")
    first = client.get("/palette")
    again = client.get("/palette", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "private" in first.headers["Cache-Control"]


def test_stars_are_in_the_palette(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    who = records.make("contacts", {"family": "Petrova"}, client.principal)
    answer = client.post(f"/favourites/party/{who}", data={"on": "1"})
    assert 'aria-pressed="true"' in answer.text
    (star,) = client.get("/palette/records").json["starred"]
    assert (star["label"], star["url"]) == ("Petrova", f"/contacts/{who}")
    assert as_role("manager").post(f"/favourites/party/{who}", data={"on": "1"}).status_code == 404
    assert client.post(f"/favourites/nothing/{who}", data={"on": "1"}).status_code == 404
    client.post(f"/favourites/party/{who}", data={"on": ""})
    assert client.get("/palette/records").json["starred"] == []


# The look of the company


def test_an_accent_is_followed_by_what_is_written_in_it() -> None:
    for accent in ("#2f5fd0", "#c2410c", "#475569", "#0f766e"):
        found = brand.palette(accent)
        assert brand.contrast(found.accent, found.on) >= 4.5
        assert brand.contrast(found.link, "#ffffff") >= 4.5
        assert brand.contrast(found.link_dark, "#1f2125") >= 4.5
    assert round(brand.contrast("#ffffff", "#000000"), 1) == 21.0


@pytest.mark.parametrize("wrong", ["#ffff00", "#0a0a10", "red", "#12345"])
def test_a_colour_that_cannot_be_told_from_the_page_is_refused(
    kontora_site: Site, wrong: str
) -> None:
    with kontora_site.write(system("test")) as session, pytest.raises(Invalid):
        brand.save_accent(session, wrong)


def test_colour_and_logo_are_set_by_the_administrator(as_role: Callable[..., Any]) -> None:
    admin = as_role("administrator")
    form = {"own_accent": "#0F766E", "logo": (io.BytesIO(PNG), "logo.png")}
    answer = admin.post("/admin/appearance", data=form, content_type="multipart/form-data")
    assert answer.status_code == 303
    page = admin.get("/").text
    sheet = page.partition('href="/brand/')[2].partition('"')[0]
    css = admin.get(f"/brand/{sheet}")
    assert "--k-accent:#0f766e" in css.text and "immutable" in css.headers["Cache-Control"]
    picture = page.partition('src="/brand/')[2].partition('"')[0]
    assert admin.get(f"/brand/{picture}").mimetype == "image/png"
    bad = {"logo": (io.BytesIO(b"<svg/>"), "logo.png")}
    answer = admin.post("/admin/appearance", data=bad, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert as_role("manager").post("/admin/appearance", data={}).status_code == 403


# The app of the device


def test_the_manifest_speaks_the_language_and_names_icons_that_are_there(
    kontora_client: Any,
) -> None:
    answer = kontora_client.get("/manifest.webmanifest?language=ru")
    assert answer.mimetype == "application/manifest+json"
    body = json.loads(answer.text)
    assert body["lang"] == "ru" and len(body["shortcuts"]) == 4
    for icon in body["icons"]:
        with kontora_client.get(icon["src"]) as answer:
            assert answer.status_code == 200, icon


def test_the_worker_keeps_files_alone_and_names_its_version(
    kontora_app: Flask, kontora_client: Any
) -> None:
    answer = kontora_client.get("/worker.js")
    assert answer.mimetype == "text/javascript" and answer.headers["Cache-Control"] == "no-cache"
    head = answer.text.partition("/*")[0]
    needed = json.loads(head.partition("NEEDED = ")[2].partition(";\n")[0])
    for path in needed:
        with kontora_client.get(path) as file:
            assert file.headers["Cache-Control"].endswith("immutable"), path
    assert kontora_app.extensions["kontora.assets"].versions["core"] in head


def test_the_page_without_a_line_names_nobody(as_role: Callable[..., Any]) -> None:
    client = as_role("manager")
    page = client.get("/offline").text
    assert client.principal.name not in page and "csrf" not in page
    assert "No connection" in page


def test_whether_one_is_signed_in_can_be_asked(as_role: Callable[..., Any]) -> None:
    client = as_role("manager")
    assert client.get("/signed-in").json["user"] == str(client.principal.user_id)
    assert client.get("/signed-in").json["csrf"]


# Forms sent twice


def contacts(client: Any, family: str, once: str) -> Any:
    return client.post("/contacts/new", data={"family": family, "once": once})


def test_a_form_that_is_sent_twice_is_saved_once(as_role: Callable[..., Any]) -> None:
    client, once = as_role("manager"), str(uuid4())
    first, second = (contacts(client, "Twice", once) for _number in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    other = contacts(client, "Twice", str(uuid4()))
    assert other.headers["Location"] != first.headers["Location"]
    foreign = contacts(as_role("manager"), "Twice", once)
    assert foreign.headers["Location"] != first.headers["Location"]


def test_another_text_under_the_same_number_is_not_lost_silently(
    as_role: Callable[..., Any],
) -> None:
    client, once = as_role("manager"), str(uuid4())
    contacts(client, "One", once)
    answer = contacts(client, "Two", once)
    assert answer.status_code == 409
    assert "saved already" in answer.text and 'data-error-code="409"' in answer.text


def test_a_refused_form_may_be_sent_again(as_role: Callable[..., Any]) -> None:
    client, once = as_role("manager"), str(uuid4())
    assert contacts(client, "", once).status_code == 422
    assert contacts(client, "Now", once).status_code == 303


# The bell


def test_the_bell_counts_and_is_asked_without_use(as_role: Callable[..., Any]) -> None:
    client = as_role("manager")
    with client.application.extensions["kontora"].write(system("test")) as session:
        notices.tell(session, [client.principal.user_id], "import", _("Member of %(x)s"), {"x": 1})
    assert client.get("/notices/count").json == {"unread": 1, "poll": 30}
    assert "Member of 1" in client.get("/notices/panel").text
    assert client.get("/notices/live").status_code == 204  # this server has no threads to spare
    answer = client.post("/notices/read", headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "is-new" not in answer.text


def test_a_stream_brings_news_and_ends_when_it_is_told_to(
    as_role: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Worker:
        alive = True

    worker = Worker()
    monkeypatch.setattr(webserver, "_workers", [worker])
    client = as_role("manager")
    site = client.application.extensions["kontora"]
    answer = client.get("/notices/live")
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    lines = answer.response
    assert 'data: {"unread": 0, "newest": 0}' in next(lines).decode()
    with site.write(system("test")) as session:
        notices.tell(session, [client.principal.user_id], "import", _("Member of %(x)s"), {"x": 1})
    assert '"unread": 1' in next(lines).decode()
    worker.alive = False
    assert [line for line in lines if b"unread" in line] == []
    answer.close()
    assert client.application.extensions["kontora.live"].streams == 0


def test_streams_never_take_all_places(kontora_site: Site) -> None:
    hub, users = Hub(kontora_site, most=2), [UUID(int=number) for number in range(1, 4)]
    assert [hub.enter(each, (0, 0)) for each in users] == [True, True, False]
    hub.leave(users[0])
    assert hub.enter(users[2], (0, 0))
    hub.leave(users[1])
    hub.leave(users[2])
    assert hub.streams == 0


def test_ordinary_requests_have_threads_of_their_own() -> None:
    """As many at once as there are places, the next waits; a stream waits for nobody."""
    free, running = threading.Event(), []

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        running.append(environ["PATH_INFO"])
        return [b"x"]

    lanes = webserver.Lanes(app, working=1)
    held = lanes({"PATH_INFO": "/contacts"}, None)

    def next_one() -> None:
        lanes({"PATH_INFO": "/reports"}, None).close()
        free.set()

    waiting = threading.Thread(target=next_one)
    waiting.start()
    assert lanes({"PATH_INFO": webserver.STREAM_PATH}, None) == [b"x"]
    time.sleep(0.05)
    assert not free.is_set() and "/reports" not in running
    held.close()
    assert free.wait(5)


# Mentions in a page


def test_a_mention_is_set_off_and_hostile_names_stay_texts() -> None:
    people = [{"written": "Anna K", "name": "<b>Anna</b>"}, {"written": "Anna K Two", "name": "Z"}]
    shown = str(mentioned("<i> @Anna K Two and @Anna K @Anna Kx", people))
    assert "&lt;i&gt;" in shown and '<span class="k-mention">@Z</span> and' in shown
    assert '<span class="k-mention">@&lt;b&gt;Anna&lt;/b&gt;</span> @Anna Kx' in shown


def test_names_are_looked_up_while_one_types(as_role: Callable[..., Any]) -> None:
    client = as_role("manager")
    first = client.principal.name.split()[0][:4]
    found = [each["label"] for each in client.get(f"/mentions?q={first}").json]
    assert client.principal.name in found
    assert client.get("/mentions?q=nobody").json == []
