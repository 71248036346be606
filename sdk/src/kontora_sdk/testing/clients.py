"""Test clients of the web application: of a visitor, of a person, of a program with a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.testing import FlaskClient

if TYPE_CHECKING:
    from flask import Flask

    from kontora.access.principal import Principal
    from kontora.lifecycle.site import Site

SAFE = ("GET", "HEAD", "OPTIONS")


class PersonClient(FlaskClient):
    """A browser that is signed in. It sends the CSRF token as pages do, unless `csrf` is off."""

    principal: Principal
    csrf: bool = True

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if self.csrf and str(kwargs.get("method", "GET")).upper() not in SAFE:
            headers = dict(kwargs.get("headers") or {})
            headers.setdefault("X-CSRFToken", self._token())
            kwargs["headers"] = headers
        return super().open(*args, **kwargs)

    def _token(self) -> str:
        from itsdangerous import URLSafeTimedSerializer

        with self.session_transaction() as cookie:
            secret = cookie.setdefault("csrf_token", "a" * 40)
        signer = URLSafeTimedSerializer(str(self.application.secret_key), salt="wtf-csrf-token")
        return str(signer.dumps(secret))


class ProgramClient(FlaskClient):
    """A program that calls the REST API with a bearer token."""

    principal: Principal
    token: str = ""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        headers = dict(kwargs.get("headers") or {})
        headers.setdefault("Authorization", f"Bearer {self.token}")
        kwargs["headers"] = headers
        return super().open(*args, **kwargs)


def signed_in(app: Flask, site: Site, principal: Principal, *, csrf: bool = True) -> PersonClient:
    """A browser on a new device of the user behind `principal`."""
    from kontora.access.passwords import open_device
    from kontora.access.principal import system

    assert principal.user_id is not None, "the system does not sign in"
    with site.write(system("test")) as session:
        token = open_device(session, principal.user_id, address="127.0.0.1", agent="test kit")
    client = PersonClient(app, app.response_class, use_cookies=True)
    client.principal, client.csrf = principal, csrf
    with client.session_transaction() as cookie:
        cookie["device"] = token
    return client


def with_token(
    app: Flask, site: Site, principal: Principal, *, scope: str = "write"
) -> ProgramClient:
    """A program with a new token of the user behind `principal`; `scope` is read or write."""
    from kontora.access.passwords import create_token
    from kontora.access.principal import system

    assert principal.user_id is not None, "the system has no tokens"
    client = ProgramClient(app, app.response_class, use_cookies=False)
    client.principal = principal
    with site.write(system("test")) as session:
        client.token = create_token(session, principal.user_id, name="test kit", scope=scope)
    return client
