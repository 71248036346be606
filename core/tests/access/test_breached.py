"""Passwords that everybody tries first are refused, in their simple variants too."""

from __future__ import annotations

import pytest

from kontora.access import breached, passwords
from kontora.errors import Invalid

COMMON = [
    "password12",
    "PassWord2024!",
    "P@ssw0rd2024",
    "1234567890",
    "qwertyuiop",
    "abcdefghij",
    "aaaaaaaaaaaa",
    "Sunshine1999",
    "secretsecret",
    "пароль123456",
    "letmein-letmein",
    "123123123123",
    "!!!!dragon!!!!",
]
GOOD = [
    "a long enough password",
    "correct horse battery",
    "x7Kd0-lqPz99",
    "8#2(9!7%4@3",
    "синий поезд у моря",
]


def test_the_list_is_large() -> None:
    assert len(breached.words()) >= 10_000


@pytest.mark.parametrize("password", COMMON)
def test_a_known_password_and_its_variants_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.check_strength(password)
    assert "lists of stolen ones" in str(refusal.value.errors["password"][0])


@pytest.mark.parametrize("password", GOOD)
def test_a_phrase_of_ones_own_is_taken(password: str) -> None:
    passwords.check_strength(password)


@pytest.mark.parametrize("password", ["olenapetrova", "Olena.Petrova.1990", "olena@example.org"])
def test_ones_own_name_and_address_are_refused(password: str) -> None:
    with pytest.raises(Invalid, match="name or address"):
        passwords.check_strength(password, about=("Olena Petrova", "olena@example.org"))


def test_a_phrase_with_ones_name_in_it_is_taken() -> None:
    passwords.check_strength("horse battery olena", about=("Olena Petrova", "o@example.org"))


def test_length_is_the_only_other_rule() -> None:
    with pytest.raises(Invalid, match="at least 10"):
        passwords.check_strength("rtj47bnq0")
    with pytest.raises(Invalid, match="at most 1024"):
        passwords.check_strength("x7Kd0 lqPz " * 100)
