"""Who may read /metrics: programs of this machine, the bearer of its token, administrators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from kontora.errors import SettingsError
from kontora.lifecycle.site import Site
from kontora.settings import Settings
from kontora_sdk.testing.clients import with_token

TOKEN = "a token for prometheus"
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


def ask(app: Flask, bearer: str = "", **headers: str) -> Any:
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    return app.test_client().get("/metrics", headers=headers, environ_overrides=ELSEWHERE)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1"])
def test_a_program_of_this_machine_needs_nothing(kontora_app: Flask, address: str) -> None:
    answer = kontora_app.test_client().get("/metrics", environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == 200
    assert "kontora_" in answer.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_proxy_on_this_machine_is_not_this_machine(kontora_app: Flask, header: str) -> None:
    answer = kontora_app.test_client().get("/metrics", headers={header: "127.0.0.1"})
    assert answer.status_code == 401


def test_others_are_refused_without_figures(kontora_app: Flask) -> None:
    answer = ask(kontora_app)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "kontora_" not in answer.text


def test_the_token_opens_it(
    kontora_app: Flask, kontora_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(kontora_app, TOKEN).status_code == 401
    changed = replace(kontora_site.settings, metrics_token="a-token-for-prometheus")
    monkeypatch.setattr(kontora_site, "settings", changed)
    assert ask(kontora_app, "a-token-for-prometheus").status_code == 200
    for wrong in ("a-token-for-prometheu", "x", ""):
        assert ask(kontora_app, wrong).status_code == 401


def test_administrators_may_others_may_not(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    for role, status in (("administrator", 200), ("manager", 401)):
        client = with_token(kontora_app, kontora_site, user_factory(role))
        assert client.get("/metrics", environ_overrides=ELSEWHERE).status_code == status


@pytest.mark.parametrize("given", ["short", "with a blank in it all", "ы" * 20])
def test_a_token_that_cannot_be_sent_stops_the_start(given: str, tmp_path: Any) -> None:
    environ = {"KONTORA_HOME": str(tmp_path), "KONTORA_METRICS_TOKEN": given}
    with pytest.raises(SettingsError, match="KONTORA_METRICS_TOKEN"):
        Settings.from_env(environ)
