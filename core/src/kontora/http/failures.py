"""Errors as an HTTP status, words and, for input, a map of fields: the same for both faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from flask import g, request
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError

from kontora import errors, limits
from kontora.db.engine import is_database_away, is_database_busy, is_disk_full
from kontora.http.missing_rights import explained
from kontora.http.policy import FactorNeeded, SignInNeeded
from kontora.text import _

log = structlog.get_logger("kontora.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What to tell: never a stack trace, an SQL text or a path of the server. `go_to`: the page
    where a person can do something about it. `right`: the key of the one that is missing."""

    status: int
    title: str
    detail: str = ""
    remedy: str = ""
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    error_id: str = ""
    go_to: str = ""
    right: str = ""


def describe(error: BaseException) -> Failure:
    """Turn any exception into what may be told of it; unknown ones are logged with an id."""
    if isinstance(error, errors.Maintenance):
        return _upgrading()
    if isinstance(error, errors.KontoraError):
        found = _known(error)
        if found is not None:
            return found
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        return describe(error.original_exception)
    if isinstance(error, HTTPException):
        return _from_werkzeug(error)
    if isinstance(error, SQLAlchemyError) and is_database_busy(error):
        return _busy()
    if is_disk_full(error):
        return _full(error)
    if is_database_away(error):
        return _away(error)
    if isinstance(error, IntegrityError):
        return _collision(error)
    error_id = g.get("request_id", "")
    log.error("unexpected error", error_id=error_id, exc_info=error)
    return Failure(
        status=500,
        title=str(_("Something went wrong on our side.")),
        detail=str(_("Nothing was saved. Try again; if it stays, tell the administrator this id.")),
        error_id=error_id,
    )


def _upgrading() -> Failure:
    return Failure(
        status=503,
        title=str(_("Kontora is being upgraded.")),
        detail=str(_("Nothing was saved. It is back in a moment: try again then.")),
        headers={"Retry-After": "5"},
    )


def _busy() -> Failure:
    return Failure(
        status=503,
        title=str(_("The database is busy.")),
        detail=str(_("Nothing was saved. Try again in a moment.")),
        headers={"Retry-After": "2"},
    )


def _full(error: BaseException) -> Failure:
    """507 of WebDAV (RFC 4918, 11.5): there is no room to store what the request brings."""
    cause = getattr(error, "orig", None) or error  # without the statement and its values
    log.error("no space is left", cause=" ".join(str(cause).split())[:300])
    return Failure(
        status=507,
        title=str(_("The server has no room left.")),
        detail=str(_("Nothing was saved. Tell the administrator; reading goes on.")),
        headers={"Retry-After": "60"},
    )


def _away(error: BaseException) -> Failure:
    """The cause goes to the log: it may hold the address of the server."""
    log.warning("the database does not answer", cause=" ".join(str(error).split())[:300])
    detail = _("Nothing was saved. Try again in a moment.")
    if isinstance(error, errors.Unsure):
        detail = _(
            "The connection was lost while saving: look whether it was saved before you send it"
            " again."
        )
    return Failure(
        status=503,
        title=str(_("The database does not answer.")),
        detail=str(detail),
        headers={"Retry-After": "2"},
    )


def _collision(error: IntegrityError) -> Failure:
    """Two saves that excluded each other passed the checks at the same moment."""
    error_id = g.get("request_id", "")
    log.error("constraint of the database", error_id=error_id, exc_info=error)
    return Failure(
        status=409,
        title=str(_("This is not possible now.")),
        detail=str(_("Nothing was saved: it would contradict what is stored meanwhile.")),
        remedy=str(_("Reload and try again.")),
        error_id=error_id,
    )


def _known(error: errors.KontoraError) -> Failure | None:
    remedy = str(error.remedy)
    detail = str(error.message)
    if isinstance(error, SignInNeeded):
        return Failure(status=401, title=str(_("Sign in first.")))
    if isinstance(error, FactorNeeded):
        return Failure(status=403, title=detail, remedy=remedy, go_to="/second-factor")
    if isinstance(error, errors.NotFound):
        return Failure(status=404, title=str(_("Not found.")), detail=detail, remedy=remedy)
    if isinstance(error, errors.Invalid):
        fields = {path: [str(each) for each in texts] for path, texts in error.errors.items()}
        title = str(_("Some of the input does not fit."))
        return Failure(status=422, title=title, fields=fields, detail=detail)
    if isinstance(error, errors.TooMany):
        return Failure(
            status=429,
            title=str(_("Too many requests.")),
            detail=detail,
            remedy=remedy,
            headers={"Retry-After": str(error.retry_after)},
        )
    if isinstance(error, errors.TooLarge):
        title = str(_("This is too large."))
        return Failure(status=413, title=title, detail=detail, remedy=remedy)
    if isinstance(error, errors.Forbidden):
        title = str(_("You may not do this."))
        detail, remedy = explained(error)
        return Failure(status=403, title=title, detail=detail, remedy=remedy, right=error.right)
    if isinstance(error, errors.Stale):
        title = str(_("Somebody else was quicker."))
        fields = {name: [str(_("was changed"))] for name in error.changed}
        return Failure(
            status=412,
            title=title,
            detail=detail,
            remedy=remedy,
            fields=fields,
            headers={"ETag": f'"{error.current_version}"'},
        )
    if isinstance(error, errors.Conflict | errors.Locked):
        title = str(_("This is not possible now."))
        return Failure(status=409, title=title, detail=detail, remedy=remedy)
    if isinstance(error, errors.Unreachable):
        return _away(error)
    if isinstance(error, errors.PluginError):
        error_id = g.get("request_id", "")
        log.error("plugin failed", plugin=error.plugin, error_id=error_id, exc_info=error)
        title = str(_("The plugin “%(name)s” failed.") % {"name": error.plugin})
        return Failure(status=500, title=title, detail=detail, remedy=remedy, error_id=error_id)
    return None


def _from_werkzeug(error: HTTPException) -> Failure:
    status = error.code or 500
    titles = {
        400: _("The request cannot be understood."),
        404: _("Not found."),
        405: _("This address does not take such a request."),
        413: _("This is too large."),
        415: _("This kind of content is not understood here."),
        429: _("Too many tries. Wait a little."),
    }
    headers = {}
    if (methods := getattr(error, "valid_methods", None)) is not None:
        headers["Allow"] = ", ".join(sorted(methods))
    title = str(titles.get(status, error.name))
    # What Werkzeug says by itself is English and adds nothing to our title.
    own = error.description if error.description != type(error).description else ""
    if status == 413 and not own:
        detail, remedy = _too_large()
        return Failure(status=status, title=title, detail=detail, remedy=remedy, headers=headers)
    return Failure(status=status, title=title, detail=own or "", headers=headers)


def _too_large() -> tuple[str, str]:
    """The limits that a body may have passed: its size, and those of a form's parts."""
    most = limits.current()
    detail = _(
        "A request may bring %(size)s MB; the fields of a form %(form)s kB in %(parts)s parts."
    )
    size = (request.max_content_length or most.body_bytes) // limits.MEGA
    values: dict[str, object] = {
        "size": size,
        "form": most.form_bytes // 1000,
        "parts": most.form_parts,
    }
    return str(detail % values), str(_("Send it in several parts."))
