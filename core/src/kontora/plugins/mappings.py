"""Keep a mapped class that cannot be completed from stopping the queries of everybody else.

SQLAlchemy completes all mapped classes together at the first query. One relationship that points
nowhere, in one plugin, would make every query of every other fail.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.interfaces import EXT_SKIP

from kontora.db.base import Base

_EVENT = "before_mapper_configured"


class BrokenMapping(Exception):
    """A plugin's mapped classes were set aside earlier in this process."""


def complete(package: str) -> None:
    """Complete the mapped classes of a package, now, while it is known whose they are.

    Raises what SQLAlchemy raises; the package's incomplete classes are then set aside: they
    cannot be used, and nobody else is disturbed. They stay so until the process ends, like the
    import of their module.
    """
    mappers = [each for each in Base.registry.mappers if _belongs(each, package)]
    aside = sorted(each.class_.__name__ for each in mappers if _is_aside(each))
    if aside:
        raise BrokenMapping(f"{', '.join(aside)} could not be completed when it was first loaded")
    if not mappers:
        return  # completing core alone is not our business: it may be half imported in a test
    try:
        Base.registry.configure(cascade=True)
    except Exception:
        _set_aside(each for each in mappers if not each.configured)
        raise


def _belongs(mapper: Mapper[Any], package: str) -> bool:
    module = mapper.class_.__module__
    return module == package or module.startswith(f"{package}.")


def _set_aside(mappers: Iterable[Mapper[Any]]) -> None:
    for mapper in mappers:
        event.listen(mapper.class_, _EVENT, _skip, retval=True)


def _is_aside(mapper: Mapper[Any]) -> bool:
    return event.contains(mapper.class_, _EVENT, _skip)


def _skip(_mapper: Mapper[Any], _class: type) -> object:
    return EXT_SKIP
