"""Who closes a site finds no thread that still writes readings to its database."""

from __future__ import annotations

import threading
from typing import Any

from kontora.access.principal import Principal
from kontora.ids import new_id
from kontora.lifecycle.site import Site
from kontora.records.reading import Readings
from kontora_sdk.testing.people import make_user


class SlowEngine:
    """Says when a writer has come, and lets him on when told."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.come, self.go = threading.Event(), threading.Event()

    def __call__(self) -> Any:
        self.come.set()
        assert self.go.wait(10)
        return self._site.database.write_engine


def noted(readings: Readings, principal: Principal) -> Readings:
    readings.note(principal, "party", new_id())
    return readings


def test_closing_waits_for_the_timer_that_is_writing(kontora_site: Site) -> None:
    engine = SlowEngine(kontora_site)
    readings = noted(Readings(engine), make_user(kontora_site, "manager"))
    writer, closer = (threading.Thread(target=each) for each in (readings.flush, readings.close))
    writer.start()
    assert engine.come.wait(10)
    closer.start()
    closer.join(0.05)
    assert closer.is_alive(), "it would give back a connection that is in use"
    engine.go.set()
    closer.join(10)
    assert not writer.is_alive() and not closer.is_alive()


def test_closing_leaves_no_timer_when_the_database_is_away(kontora_site: Site) -> None:
    def away() -> Any:
        raise ConnectionError("gone")

    readings = noted(Readings(away), make_user(kontora_site, "manager"))
    assert readings._timer is not None
    readings.close()
    assert readings._timer is None, "it would write to a site that is closed"
