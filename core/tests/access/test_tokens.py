"""A user has a limited number of API tokens, so that nobody loses sight of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kontora import clock
from kontora.access import passwords, sign_in_settings
from kontora.access.principal import Principal, system
from kontora.errors import Invalid
from kontora.lifecycle import site_settings
from kontora.lifecycle.site import Site
from kontora_sdk.testing.people import make_user


def test_there_are_at_most_twenty_open_ones(site: Site) -> None:
    user, other = (make_user(site, "manager") for _n in range(2))
    tomorrow = clock.now() + timedelta(days=1)

    def make(whom: Principal, **more: Any) -> None:
        with site.write(whom) as session:
            assert whom.user_id is not None
            passwords.create_token(session, whom.user_id, "token", **more)

    for _number in range(20):
        make(user, expires_at=tomorrow)
    with pytest.raises(Invalid, match="20 API tokens"):
        make(user)
    make(other)
    with clock.frozen(tomorrow + timedelta(seconds=1)):  # what has run out counts no more
        make(user)


def test_the_number_is_a_setting(site: Site) -> None:
    user = make_user(site, "manager")
    assert user.user_id is not None
    with site.write(system("test")) as session:
        site_settings.save(session, {sign_in_settings.TOKENS: 1})
    with site.write(user) as session:
        passwords.create_token(session, user.user_id, "one")
        with pytest.raises(Invalid, match="1 API tokens"):
            passwords.create_token(session, user.user_id, "two")
