"""The fixtures of `fields_site`, for all tests of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fields_site import fields, typed

__all__ = ["fields", "typed"]
