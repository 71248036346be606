"""What the tests of pages look for in HTML."""

from __future__ import annotations

import re

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|hx-trigger=\"[^\"]*\["
)
_TAG = re.compile(r"<[^>]+>")


def words(page: str) -> str:
    """The text of a page as it is read."""
    body = re.sub(r"<template.*?</template>", " ", page, flags=re.S)
    return " ".join(_TAG.sub(" ", body).split())


def attributes(tag: str) -> dict[str, str]:
    """The attributes of a tag."""
    return dict(re.findall(r'([\w-]+)="([^"]*)"', tag))


def fields(page: str) -> list[tuple[str, str]]:
    """What a browser would send of the last form of a record page, unchanged."""
    from html import unescape

    form = page[page.index('<form class="k-form') :]
    form = re.sub(r"<template>.*?</template>", "", form[: form.index("</form>")], flags=re.S)
    found: list[tuple[str, str]] = []
    for tag, head, rest in re.findall(
        r"<(input|select|textarea)\b([^>]*)>(.*?)(?=<(?:input|select|textarea)\b|\Z)", form, re.S
    ):
        own = attributes(head)
        name = own.get("name")
        if not name or "disabled" in head:
            continue
        value = own.get("value", "")
        if tag == "textarea":
            value = rest.partition("</textarea>")[0]
        elif tag == "select":
            chosen = re.search(r'<option value="([^"]*)" selected', rest)
            value = (
                chosen[1] if chosen else (re.findall(r'<option value="([^"]*)"', rest) or [""])[0]
            )
        elif own.get("type") == "checkbox" and " checked" not in head:
            continue
        found.append((name, unescape(value)))
    return found
