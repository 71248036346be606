"""News for the bell without asking: one stream (Server-Sent Events) for each browser.

Streams are held only where threads are to spare (gunicorn), and only so many; everywhere else the
browser asks every half minute. One thread of the process looks for all of its streams, once a
second and by one statement, however many they are. A stream ends after some minutes, or when
the process is told to end; the browser then opens the next one by itself.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import structlog
from flask import Blueprint, Flask, Response, current_app, jsonify, make_response

from kontora.http.context import db, principal
from kontora.http.policy import SIGNED_IN, policy
from kontora.lifecycle import webserver
from kontora.lifecycle.site import Site
from kontora.records import notices

blueprint = Blueprint("live", __name__)
log = structlog.get_logger("kontora.live")
NAME = "kontora.live"
LOOK_SECONDS, BEAT_SECONDS, LIFE_SECONDS = 1.0, 15.0, 300.0
POLL_SECONDS = 30
State = tuple[int, int]  # how many are unread, and the id of the newest of them
NOTHING: State = (0, 0)


class Hub:
    """The streams of one process, and the thread that looks on their behalf."""

    def __init__(self, site: Site, most: int = webserver.STREAMS) -> None:
        self._site, self._most = site, most
        self._changed = threading.Condition()
        self._open: dict[UUID, int] = {}
        self._states: dict[UUID, State] = {}
        self._looking = False

    @property
    def streams(self) -> int:
        """How many are open."""
        return sum(self._open.values())

    def enter(self, user_id: UUID, state: State) -> bool:
        """Take a place for a stream that knows `state`; False when all are taken."""
        with self._changed:
            if self.streams >= self._most:
                return False
            self._open[user_id] = self._open.get(user_id, 0) + 1
            self._states.setdefault(user_id, state)
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look, name="kontora-live", daemon=True).start()
            return True

    def leave(self, user_id: UUID) -> None:
        """Give the place back."""
        with self._changed:
            self._open[user_id] -= 1
            if not self._open[user_id]:
                del self._open[user_id]
                self._states.pop(user_id, None)
            self._changed.notify_all()

    def wait(self, user_id: UUID, known: State, seconds: float) -> State:
        """The state of a user, as soon as it differs from what is known, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._states.get(user_id, known) != known, seconds)
            return self._states.get(user_id, known)

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            with self._changed:
                users = list(self._open)
                if not users:
                    self._looking = False
                    return
            try:
                found = notices.state(self._site.database.read_engine, users)
            except Exception as error:  # the database comes back, or the streams end
                log.warning("news not read", error=str(error)[:200])
                continue
            with self._changed:
                now = {each: found.get(each, NOTHING) for each in users}
                if any(self._states.get(each) != state for each, state in now.items()):
                    self._states.update({k: v for k, v in now.items() if k in self._open})
                    self._changed.notify_all()


def register(app: Flask, site: Site) -> None:
    """Add the routes, and the hub of this process."""
    app.extensions[NAME] = Hub(site)
    app.register_blueprint(blueprint)


@blueprint.get("/notices/count")
@policy(SIGNED_IN)
def count() -> Response:
    """How many are unread, for a browser that asks again after `poll` seconds. It does not count
    as use: a page left open does not stay signed in."""
    answer = jsonify(unread=notices.unread(db()), poll=POLL_SECONDS)
    return make_response(answer)


@blueprint.get(webserver.STREAM_PATH)
@policy(SIGNED_IN)
def live() -> Response:
    """The stream; 204 says that there is none to be had, and to ask instead."""
    user_id, hub = principal().user_id, current_app.extensions[NAME]
    if user_id is None or not webserver.may_stream() or webserver.is_leaving():
        return make_response("", 204)
    session = db()
    state = notices.state_of(session)
    if not hub.enter(user_id, state):
        return make_response("", 204)
    response = Response(_news(hub, user_id, state), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # nginx hands on each line at once
    response.call_on_close(lambda: hub.leave(user_id))
    return response


def _news(hub: Hub, user_id: UUID, state: State) -> Iterator[str]:
    began = beat = time.monotonic()
    yield f"retry: 3000\n{_event(state)}"
    while (now := time.monotonic()) - began < LIFE_SECONDS and not webserver.is_leaving():
        news = hub.wait(user_id, state, LOOK_SECONDS)
        if news != state:
            state = news
            beat = now
            yield _event(state)
        elif now - beat >= BEAT_SECONDS:  # shows in time that nobody listens any more
            beat = now
            yield ": still here\n\n"


def _event(state: State) -> str:
    data: dict[str, Any] = {"unread": state[0], "newest": state[1]}
    return f"data: {json.dumps(data)}\n\n"
