"""The result of a report as a file: CSV, XLSX, or a PDF with its chart."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from kontora.errors import Invalid
from kontora.records.reports import Result
from kontora.records.transfer.writers import writer_for
from kontora.registry.fields import FieldType
from kontora.text import _

TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
NO_PDF = _("PDF cannot be made here. Install the extra “pdf” of Kontora, or choose Excel.")


def can_pdf() -> bool:
    """Whether what makes a PDF is installed."""
    return find_spec("typst") is not None


def made(session: Any, result: Result, kind: str) -> bytes:
    """The file. Texts are kept from becoming formulas. Raises Invalid when no PDF can be made
    here, with what to do."""
    if kind == "pdf":
        if not can_pdf():
            raise Invalid({"format": [NO_PDF]})
        from kontora.records import report_pdf

        pdf: bytes = report_pdf.made(session, result)
        return pdf
    file = BytesIO()
    writer = writer_for(kind, file)
    writer.write_header([str(each.label) for each in result.columns])
    for row in result.rows:
        writer.write_row([_typed(c.type, v) for c, v in zip(result.columns, row, strict=True)])
    writer.close()
    return file.getvalue()


def _typed(kind: FieldType, value: Any) -> Any:
    """A number as a number: decimals are texts in JSON, and would be texts in a sheet."""
    if kind in (FieldType.DECIMAL, FieldType.MONEY) and isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value
