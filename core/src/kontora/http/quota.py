"""The quota of an API token: counted before anything else is done for it, told in each answer.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10, `RateLimit-Policy` and
`RateLimit`: `"minute";q=600;w=60` and `"minute";r=599;t=32` (requests left, seconds to the reset).
"""

from __future__ import annotations

from flask import Flask, Response, g, request

from kontora import limits
from kontora.errors import TooMany
from kontora.http.context import site
from kontora.text import _
from kontora.work.quota import WINDOW, Verdict

_SECONDS = {"minute": WINDOW, "day": 86_400}


def install(app: Flask) -> None:
    """Count requests of tokens below /api/."""
    app.before_request(_count)
    app.after_request(_tell)


def _count() -> None:
    """Raises TooMany."""
    principal = g.get("principal")
    if principal is None or principal.token_id is None or not request.path.startswith("/api/"):
        return
    per_minute = principal.per_minute or limits.current().api_per_minute
    verdict = site().quotas.spend(principal.token_id, per_minute, principal.per_day)
    g.quota = verdict
    if not verdict.allowed:
        words = {
            "minute": _("This token may ask %(n)s times a minute."),
            "day": _("This token may ask %(n)s times a day."),
        }
        raise TooMany(
            words[verdict.policy] % {"n": verdict.limit},
            _("Wait as long as Retry-After says, or have the quota of the token raised."),
            retry_after=verdict.reset,
        )


def _tell(response: Response) -> Response:
    verdict: Verdict | None = g.get("quota")
    if verdict is not None:
        name, seconds = verdict.policy, _SECONDS[verdict.policy]
        response.headers["RateLimit-Policy"] = f'"{name}";q={verdict.limit};w={seconds}'
        response.headers["RateLimit"] = f'"{name}";r={verdict.remaining};t={verdict.reset}'
    return response
