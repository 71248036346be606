"""Signatures of Standard Webhooks 1.0 (https://www.standardwebhooks.com, “Signature scheme”)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A fresh symmetric secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA-256 over `id.timestamp.body` in base64; `at` is in Unix seconds."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((message_id.encode(), str(at).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(keys: Iterable[str], message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
    """The headers of a message. While a secret is being changed there are two signatures, parted
    by a blank, and either of them is enough for the receiver."""
    at = int(moment.timestamp())
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signature(each, message_id, at, body) for each in keys),
    }
