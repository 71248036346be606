"""The pages of reports, and the home page: charts without script, boxes that fail alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from web_pages import INLINE, words

from kontora.lifecycle.site import Site
from kontora.web import charts
from kontora.web.home.arranging import Placed, moved
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in
from kontora_sdk.testing.people import make_party, make_user


@pytest.fixture(scope="module")
def site(new_site: Callable[[str], Site]) -> Iterator[Site]:
    site = new_site("sqlite")
    yield site
    site.close()


@pytest.fixture(scope="module")
def head(site: Site) -> Any:
    principal = make_user(site, "head")
    for n in range(3):
        make_party(site, principal, {"family": f"Dealer {n}", "roles": [{"role": "dealer"}]})
    return signed_in(create_app(site), site, principal)


def test_a_report_has_a_chart_a_table_and_the_list_behind_each_figure(head: Any) -> None:
    page = head.get("/reports/counterparties?by=role&role=dealer").text
    assert not INLINE.search(page)
    assert 'aria-label="Dealer: 3 (counterparties)"' in page
    link = re.search(r'<td[^>]*><a href="([^"]+)">3</a>', page)
    assert link is not None
    shown = words(head.get(unescape(link[1])).text)
    assert "Dealer 2" in shown and "Roles: Dealer, today" in shown


@pytest.mark.parametrize(
    "report", ["counterparties", "activity", "growth", "sources", "neglected", "completeness"]
)
def test_each_report_has_a_page_and_files(head: Any, report: str) -> None:
    assert head.get(f"/reports/{report}").status_code == 200
    for kind, start in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF")):
        answer = head.get(f"/reports/{report}?format={kind}")
        assert answer.status_code == 200 and answer.data.startswith(start)


def test_wrong_parameters_are_told_beside_them(head: Any) -> None:
    answer = head.get("/reports/activity?period=custom&by=owner")
    assert answer.status_code == 422
    assert "Say from which day on." in words(answer.text)


def test_a_star_and_the_last_run_are_kept(head: Any) -> None:
    head.get("/reports/growth?step=quarter&period=this_year")
    head.post("/reports/growth/star", data={"on": "1"})
    page = head.get("/reports").text
    assert "Starred" in words(page) and "step=quarter" in page
    head.post("/reports/growth/star", data={"on": ""})
    assert "Starred" not in words(head.get("/reports").text)


def test_home_has_boxes_of_its_role_and_arranges_them(head: Any) -> None:
    page = head.get("/").text
    assert not INLINE.search(page)
    boxes = re.findall(r'hx-get="(/(?:home|widgets)/[^"]+)"', page)
    assert any("activity" in each for each in boxes)
    for each in boxes:
        answer = head.get(unescape(each))
        assert answer.status_code == 200 and "could not be shown" not in answer.text, each
    growth = {"id": "report:growth", "action": "remove"}
    head.post("/home/widgets", data=growth)
    assert "/home/reports/growth" not in head.get("/").text
    head.post("/home/widgets", data={**growth, "action": "add"})
    assert "/home/reports/growth" in head.get("/").text
    head.post("/home/widgets", data={"id": "report:no-such", "action": "add"})
    assert "no-such" not in head.get("/?arrange=1").text
    head.post("/home/widgets", data={"action": "reset"})


def test_a_report_sent_by_mail_is_set_up_and_stopped(head: Any) -> None:
    form = {"every": "month", "weekday": "0", "day": "31", "hour": "7", "format": "pdf"}
    assert head.post("/reports/growth/send?step=week", data=form).status_code == 303
    page = head.get("/reports/sent").text
    assert "On day 31 of the month, 7:00" in words(page)
    (address,) = set(re.findall(r'action="(/reports/sent/[0-9a-f-]+)/pause"', page))
    head.post(f"{address}/pause")
    assert "Paused" in words(head.get("/reports/sent").text)
    head.post(f"{address}/delete")
    assert "Nothing is sent" in words(head.get("/reports/sent").text)


def test_widgets_move_step_by_step() -> None:
    a, b = (Placed(id=each, title=each, url="/", size="half") for each in "ab")
    assert [each.id for each in moved([a, b], "down", "a", None)] == ["b", "a"]
    assert moved([a, b], "up", "a", None) == [a, b]
    assert moved([a, b], "size", "b", None)[1].size == "full"
    assert moved([a], "add", "b", b) == [a, b]
    assert moved([a], "add", "c", None) == [a]


@pytest.mark.parametrize(("highest", "last"), [(0, 1), (1, 1), (3, 3), (12, 15), (20, 20)])
def test_the_scale_of_a_chart_is_round(highest: int, last: int) -> None:
    ticks = charts.scale(highest)
    assert ticks[0] == 0 and ticks[-1] == last and len(ticks) <= 7
