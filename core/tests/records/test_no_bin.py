"""A record type without a bin: its records stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kontora.access.principal import system
from kontora.errors import Conflict
from kontora.lifecycle.site import Site
from kontora.records import service


@pytest.mark.parametrize(
    "do",
    [
        lambda session, rtype, record: service.delete_record(session, rtype, record),
        lambda session, rtype, record: service.restore_record(session, rtype, record),
    ],
    ids=["delete", "restore"],
)
def test_a_type_without_a_bin_keeps_its_records(site: Site, do: Callable[..., None]) -> None:
    with site.write(system("test")) as session:
        kept = session.registry.record_type("contacts")
        rtype = replace(kept, has_bin=False)
        record = service.create_record(session, rtype, {"family": "Petrova"}).id
        with pytest.raises(Conflict, match="cannot be deleted"):
            do(session, rtype, record)
        assert service.get_record(session, rtype, record)["family"] == "Petrova"
        # The same record goes where its type has a bin.
        service.delete_record(session, kept, record)
