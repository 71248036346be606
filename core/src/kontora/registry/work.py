"""What a plugin runs behind the scenes: jobs, and subscribers to events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Protocol
from uuid import UUID

SUBSCRIBER_PREFIX = "on:"


class Log(Protocol):
    """The logger of a job: standard library and structlog loggers both fit."""

    def info(self, event: str, /, *args: Any, **kwargs: Any) -> Any: ...
    def warning(self, event: str, /, *args: Any, **kwargs: Any) -> Any: ...
    def error(self, event: str, /, *args: Any, **kwargs: Any) -> Any: ...


class JobContext(Protocol):
    """What the handler of a job is given.

    `session` acts with the rights of the person who asked for the job, and is opened when it is
    first touched: talk to the network before, because on SQLite an open session makes every
    other writer wait. Its changes and the mark “done” are one transaction.
    """

    @property
    def job_id(self) -> int: ...
    @property
    def args(self) -> Mapping[str, Any]: ...
    @property
    def now(self) -> datetime: ...
    @property
    def logger(self) -> Log: ...
    @property
    def session(self) -> Any: ...

    def slice(self) -> AbstractContextManager[Any]:
        """A session for one slice (at most 50 ms) of a long job, committed at the end of the
        block. It does not commit when another worker has taken the job over in the meantime."""

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say how far the job is; shown to whoever waits for it. Cheap to call for every row."""


class ArgsSchema(Protocol):
    """Checks the arguments of a job; an instance of a marshmallow schema fits."""

    def load(self, data: Mapping[str, Any], /) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A kind of job, called `<plugin>.<verb>`, for example `hello.greet_nightly`.

    `handler(context)` must be idempotent by `context.job_id` in what it does outside of the
    database. What it returns (JSON) is kept as the result.
    `schedule`: five cron fields in the time zone of the site; None runs on request only.
    `timeout`: seconds; then the handler is interrupted and tried again.
    `sliced`: the handler does its work in `context.slice()` blocks (an import). It then must
    continue where it stopped, because each slice is kept. Such jobs have a lane of their own.
    `waits`: the handler waits for the machines of others (webhooks). Such jobs have lanes of their
    own, several of them, so that neither a slow receiver nor many hold up other work.
    `args`: a schema that the arguments must fit.
    """

    name: str
    handler: Callable[[JobContext], object]
    schedule: str | None = None
    max_attempts: int = 5
    timeout: float = 600
    sliced: bool = False
    waits: bool = False
    args: ArgsSchema | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened and was committed. `name` is `<entity>.<verb in the past>`."""

    id: int
    name: str
    entity: str
    record_id: UUID | None
    payload: Mapping[str, Any] = field(default_factory=dict)
    at: datetime
    principal_kind: str = "system"
    principal_id: UUID | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """`handler(session, event)` runs once for each event whose name fits `pattern`.

    It runs after the commit, in the worker, as a job with the rights of the person who made the
    change; one that fails is tried again and holds nobody else up. `pattern` is a name
    (`party.changed`) or has stars (`party.*`, `*`). `name` is `<plugin>.<what it does>`.
    """

    name: str
    pattern: str
    handler: Callable[[Any, Event], object]
    max_attempts: int = 5
    timeout: float = 600

    def wants(self, event_name: str) -> bool:
        return fnmatchcase(event_name, self.pattern)

    @property
    def job_name(self) -> str:
        return SUBSCRIBER_PREFIX + self.name
