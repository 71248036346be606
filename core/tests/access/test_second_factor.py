"""The authenticator app and recovery codes: accepted once, kept unreadable."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import text

from kontora import clock
from kontora.access import second_factor
from kontora.access.principal import system
from kontora.lifecycle import install
from kontora.lifecycle.site import Site


@pytest.fixture
def user(site: Site) -> UUID:
    with site.write(system("test")) as session:
        return install.add_user(session, email="anna@example.org", roles=["manager"])


def with_app(site: Site, user: UUID) -> pyotp.TOTP:
    """A user whose app is set up, with a code of two minutes ago."""
    with site.write(system("test")) as session, clock.frozen(clock.now() - timedelta(minutes=2)):
        totp = pyotp.TOTP(second_factor.begin_app(session, user))
        assert second_factor.confirm_app(session, user, totp.at(session.now))
    return totp


def check(site: Site, user: UUID, code: str) -> bool:
    with site.write(system("test")) as session:
        return second_factor.check_app(session, user, code)


def test_a_code_opens_once(site: Site, user: UUID) -> None:
    now = clock.now()
    with clock.frozen(now):
        totp = with_app(site, user)
        assert check(site, user, f" {totp.at(now)[:3]} {totp.at(now)[3:]} ")
        assert not check(site, user, totp.at(now))


@pytest.mark.parametrize(
    ("seconds", "fits"), [(-90, False), (-30, True), (0, True), (30, True), (90, False)]
)
def test_a_code_may_be_half_a_minute_early_or_late(
    site: Site, user: UUID, seconds: int, fits: bool
) -> None:
    now = clock.now()
    with clock.frozen(now):
        totp = with_app(site, user)
        assert check(site, user, totp.at(now + timedelta(seconds=seconds))) is fits


def test_an_older_code_does_not_open_after_a_newer_one(site: Site, user: UUID) -> None:
    now = clock.now()
    with clock.frozen(now):
        totp = with_app(site, user)
        assert check(site, user, totp.at(now + timedelta(seconds=30)))
        assert not check(site, user, totp.at(now))


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "１２３４５６", "0" * 100])
def test_what_is_no_code_opens_nothing(site: Site, user: UUID, code: str) -> None:
    with_app(site, user)
    assert not check(site, user, code)


def test_a_set_up_that_was_not_confirmed_opens_nothing(site: Site, user: UUID) -> None:
    with site.write(system("test")) as session:
        totp = pyotp.TOTP(second_factor.begin_app(session, user))
        assert not second_factor.check_app(session, user, totp.at(session.now))
        assert not second_factor.factors(session, user).any


def test_of_two_at_once_one_gets_in(site: Site, user: UUID) -> None:
    totp, opened = with_app(site, user), []
    code = totp.at(clock.now())
    threads = [
        threading.Thread(target=lambda: opened.append(check(site, user, code))) for _each in "1234"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened.count(True) == 1


def test_the_secret_is_sealed_with_the_key_of_the_site(site: Site, user: UUID) -> None:
    now = clock.now()
    with clock.frozen(now):
        totp = with_app(site, user)
        with site.database.read_engine.connect() as connection:
            kept = connection.execute(text("SELECT secret FROM totp")).scalar_one()
        assert totp.secret not in kept
        site.settings = replace(site.settings, secret_key="another key " * 4)
        assert not check(site, user, totp.at(now))


def test_a_recovery_code_opens_once_and_only_its_owner(site: Site, user: UUID) -> None:
    with site.write(system("test")) as session:
        other = install.add_user(session, email="oleg@example.org", roles=["manager"])
        codes = second_factor.make_codes(session, user)
        assert len(set(codes)) == second_factor.CODES
        assert not second_factor.use_code(session, other, codes[0])
        assert second_factor.use_code(session, user, codes[0].upper().replace("-", " "))
        assert not second_factor.use_code(session, user, codes[0])
        assert second_factor.factors(session, user).codes_left == 9


def test_new_recovery_codes_end_the_former_ones(site: Site, user: UUID) -> None:
    with site.write(system("test")) as session:
        former = second_factor.make_codes(session, user)
        second_factor.make_codes(session, user)
        assert not second_factor.use_code(session, user, former[3])


def test_the_table_holds_no_code(site: Site, user: UUID) -> None:
    with site.write(system("test")) as session:
        codes = second_factor.make_codes(session, user)
    with site.database.read_engine.connect() as connection:
        kept = set(connection.execute(text("SELECT code_hash FROM recovery_code")).scalars())
    assert len(kept) == 10
    assert not kept & {each.replace("-", "") for each in codes}
