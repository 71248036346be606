"""The generation of a site, which running servers follow."""

from __future__ import annotations

import pytest

from kontora.access.principal import system
from kontora.lifecycle import generation
from kontora.lifecycle.site import Site


def test_it_starts_at_nought_and_grows(site: Site) -> None:
    assert generation.current(site.database) == 0
    assert generation.bump(site) == 1
    assert generation.bump(site) == 2
    assert generation.current(site.database) == 2


def test_it_grows_with_the_transaction_or_not_at_all(site: Site) -> None:
    def fail() -> None:
        with site.write(system("test")) as session:
            generation.advance(session)
            raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError):
        fail()
    assert generation.current(site.database) == 0
