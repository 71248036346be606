"""Look into a zip archive before anything opens it: bombs are refused unopened."""

from __future__ import annotations

import zipfile
from pathlib import Path

from kontora.errors import Invalid
from kontora.records.transfer.limits import Limits
from kontora.text import _

MEGA = 1024 * 1024


def check_archive(path: Path, limits: Limits) -> None:
    """Refuse an archive with too many members, too much content or too strong a compression.

    Only the archive's own directory is read. Raises `Invalid`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except Exception as error:
        # The library has half a dozen ways to say that a file is damaged.
        text = _("The file is damaged or is not a spreadsheet (%(error)s). Save it anew.")
        raise Invalid({"file": [text % {"error": str(error)}]}) from None
    if len(members) > limits.archive_members:
        text = _("The file has %(n)s parts; at most %(limit)s are allowed.")
        raise Invalid({"file": [text % {"n": len(members), "limit": limits.archive_members}]})
    unpacked = sum(member.file_size for member in members)
    packed = max(1, path.stat().st_size)
    if unpacked > limits.archive_bytes:
        text = _("The file unpacks to %(n)s MB; at most %(limit)s MB are read. Split it.")
        values: dict[str, object] = {"n": unpacked // MEGA, "limit": limits.archive_bytes // MEGA}
        raise Invalid({"file": [text % values]})
    # Small files of few distinct values compress very well; only a big result can do harm.
    if unpacked > 10 * MEGA and unpacked > limits.archive_ratio * packed:
        text = _("The file unpacks to %(n)s times its size; that is not an honest spreadsheet.")
        raise Invalid({"file": [text % {"n": unpacked // packed}]})
