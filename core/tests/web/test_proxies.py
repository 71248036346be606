"""Behind a proxy a caller is known by what the proxy tells, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import request

from kontora.errors import SettingsError
from kontora.http.policy import PUBLIC, policy
from kontora.lifecycle.site import Site
from kontora.settings import Settings
from kontora.wsgi import create_app

TOLD = {"X-Forwarded-For": "198.51.100.9, 203.0.113.5", "X-Forwarded-Proto": "https"}


def seen(site: Site, proxies: int) -> tuple[str | None, str]:
    site.settings = replace(site.settings, proxies=proxies)
    app = create_app(site)
    found: list[tuple[str | None, str]] = []

    @policy(PUBLIC)
    def look() -> str:
        found.append((request.remote_addr, request.scheme))
        return ""

    app.add_url_rule("/look", view_func=look)
    app.test_client().get("/look", headers=TOLD, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    return found[0]


def test_without_a_proxy_a_caller_cannot_name_another_address(site: Site) -> None:
    assert seen(site, 0) == ("192.0.2.1", "http")


def test_one_proxy_is_believed_and_not_what_it_was_told(site: Site) -> None:
    assert seen(site, 1) == ("203.0.113.5", "https")


def test_the_number_of_proxies_is_checked(tmp_path: object) -> None:
    home = {"KONTORA_HOME": str(tmp_path)}
    assert Settings.from_env({**home, "KONTORA_PROXIES": "2"}).proxies == 2
    with pytest.raises(SettingsError, match="KONTORA_PROXIES"):
        Settings.from_env({**home, "KONTORA_PROXIES": "yes"})
