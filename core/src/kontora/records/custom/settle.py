"""The job behind a change of the catalogue: indexes as it wants them, and words to search."""

from __future__ import annotations

from typing import Any

from kontora.access.principal import Principal
from kontora.db import run_time_indexes
from kontora.records.custom import catalogue, indexes
from kontora.records.reindex import reindex
from kontora.registry.work import JobContext


def settle(context: JobContext) -> dict[str, Any]:
    """Make and drop indexes; with `entity` among the arguments index its words anew."""

    def opened(_principal: Principal) -> Any:
        return context.slice()

    with context.slice() as session:
        engine = session.site.database.write_engine
        rows = catalogue.rows(session)
        statements = indexes.wanted(session.registry, rows, engine.dialect)
        entity = context.args.get("entity")
        types = [each for each in session.registry.record_types.values() if each.entity == entity]
        principal = session.principal
    done: dict[str, Any] = dict(run_time_indexes.settle(engine, statements))
    done["records"] = sum(reindex(opened, principal, each, context.progress) for each in types)
    return done
