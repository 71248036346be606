"""The REST API under /api/: resources of every record type, reports, and their description."""

from kontora.rest.application import register
from kontora.rest.problems import problem

__all__ = ["problem", "register"]
