"""A record type without a bin: the description of the API offers no way into it, nor out."""

from __future__ import annotations

from dataclasses import replace

from kontora.lifecycle.site import Site
from kontora.rest.operations import Names, paths


def test_neither_delete_nor_restore_is_described(site: Site) -> None:
    kept = site.registry.record_type("contacts")
    one = "/api/v1/contacts/{id}"
    with_bin, without = (paths(each, Names(each)) for each in (kept, replace(kept, has_bin=False)))
    assert "delete" in with_bin[one] and f"{one}/restore" in with_bin
    assert "delete" not in without[one] and f"{one}/restore" not in without
    assert without[one]["patch"]
