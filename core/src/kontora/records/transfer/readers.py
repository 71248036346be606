"""One way to open any file of rows: `open_table`."""

from __future__ import annotations

from pathlib import Path

from kontora.errors import Invalid
from kontora.records.transfer.limits import DEFAULT_LIMITS, Limits
from kontora.records.transfer.table import Row, Table
from kontora.text import _

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xlsb": "xlsx",
    ".xls": "xls",
    ".ods": "ods",
    ".vcf": "vcard",
    ".vcard": "vcard",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}


def format_of(path: Path) -> str:
    """The format that the suffix of `path` stands for: csv, xlsx, xls, ods, vcard or json.

    Raises `Invalid` for an unknown suffix.
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        text = _("The suffix of “%(name)s” is unknown. Use one of: %(known)s.")
        values: dict[str, object] = {"name": path.name, "known": ", ".join(sorted(FORMATS))}
        raise Invalid({"file": [text % values]}) from None


def open_table(
    path: Path,
    *,
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    has_header: bool | None = None,
    sheet: str | int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Table:
    """Open `path` as a table; everything that is not given is found out from the file.

    `format` is csv, xlsx, xls, ods, vcard or json (default: by the suffix). `encoding` and
    `delimiter` matter for text formats, `sheet` (name or 0-based position) for spreadsheets.
    Raises `Invalid` (paths `file`, `encoding`, `sheet`) when the file cannot be read at all;
    what is wrong with single rows comes with the rows.
    """
    kind = format or format_of(path)
    if not path.is_file():
        raise Invalid({"file": [_("There is no file “%(name)s”.") % {"name": path.name}]})
    if kind == "csv":
        from kontora.records.transfer.csv_reader import open_csv

        return open_csv(
            path, encoding=encoding, delimiter=delimiter, has_header=has_header, limits=limits
        )
    if kind in ("xlsx", "xls", "ods"):
        from kontora.records.transfer.xlsx_reader import open_xlsx

        return open_xlsx(path, has_header=has_header, sheet=sheet, limits=limits, format=kind)
    if kind == "vcard":
        from kontora.records.transfer.vcard_reader import open_vcard

        return open_vcard(path, encoding=encoding, limits=limits)
    if kind == "json":
        from kontora.records.transfer.json_reader import open_json

        return open_json(path, encoding=encoding, limits=limits)
    text = _("The format “%(format)s” is unknown. Use one of: %(known)s.")
    values: dict[str, object] = {"format": kind, "known": ", ".join(sorted(set(FORMATS.values())))}
    raise Invalid({"format": [text % values]})


__all__ = ["FORMATS", "Row", "Table", "format_of", "open_table"]
