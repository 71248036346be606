"""A page of our own, beside those that the record type has by itself."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, render_template

from kontora.api import db, hookimpl, needs, policy
from kontora_hello.slots import count_greetings

pages = Blueprint("hello", __name__)


@pages.get("/about")
@policy(needs("hello.greet"))
def about() -> str:
    return render_template("hello/about.html", **count_greetings(db()))


@hookimpl
def register_routes() -> Iterable[Blueprint]:
    return (pages,)
