"""Keys derived from the secret of the site: to seal what must be read again, and to hash codes
that are too short for a plain hash.

A new KONTORA_SECRET_KEY makes what was sealed unreadable: those users set their second factor up
anew, after an administrator reset it.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unreadable(ValueError):
    """What was sealed with another key, or changed since."""


def seal(session: Any, purpose: str, text: str) -> str:
    """Encrypt (AES-128-CBC with HMAC-SHA-256, as Fernet has it) for `purpose`."""
    return _fernet(_secret(session), purpose).encrypt(text.encode()).decode()


def open_sealed(session: Any, purpose: str, sealed: str) -> str:
    """Decrypt. Raises Unreadable."""
    try:
        return _fernet(_secret(session), purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable(purpose) from error


def keyed_hash(session: Any, purpose: str, text: str) -> str:
    """HMAC-SHA-256 in hex."""
    key = _derived(_secret(session), f"hash:{purpose}")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _secret(session: Any) -> str:
    return str(session.site.settings.secret_key)


@lru_cache(maxsize=16)
def _fernet(secret: str, purpose: str) -> Fernet:
    return Fernet(urlsafe_b64encode(_derived(secret, f"seal:{purpose}")))


@lru_cache(maxsize=16)
def _derived(secret: str, purpose: str) -> bytes:
    info = f"kontora:{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
