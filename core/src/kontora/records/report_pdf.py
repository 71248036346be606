"""A report as a PDF: title, what was asked, chart and table, set by Typst (the extra `pdf`).

Data go to the template as JSON and never become markup. Fonts with Cyrillic come with Typst.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kontora import text
from kontora.records import periods, report_text
from kontora.records.reports import Result
from kontora.registry.fields import FieldType

TEMPLATE = Path(__file__).with_name("report_pdf.typ")
MOST_ROWS, MOST_BARS = 1_000, 24
_NUMBERS = (FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY)


def made(session: Any, result: Result) -> bytes:
    """The PDF. Rows beyond the thousandth are left out; a spreadsheet holds them."""
    import typst

    data = json.dumps(_data(session, result), ensure_ascii=False)
    found: bytes = typst.compile(TEMPLATE.read_bytes(), sys_inputs={"data": data})
    return found


def _data(session: Any, result: Result) -> dict[str, Any]:
    zone = periods.zone_of(session)
    rows = [
        [report_text.cell(c, value, zone) for c, value in zip(result.columns, row, strict=True)]
        for row in result.rows[:MOST_ROWS]
    ]
    company = str(session.site.setting(session, "company.name") or "Kontora")
    return {
        "lang": text.locale(),
        "title": str(result.report.label),
        "asked": report_text.spoken(session, result.report, result.params),
        "columns": [str(each.label) for each in result.columns],
        "numbers": [each.type in _NUMBERS for each in result.columns],
        "rows": rows,
        "note": str(result.note),
        "footer": f"{company} · {session.principal.name} · {periods.today(session).isoformat()}",
        **_bars(result),
    }


def _bars(result: Result) -> dict[str, Any]:
    chart = result.chart
    names = [each.name for each in result.columns]
    values = [each for each in chart.values if each in names] if chart else []
    if chart is None or not values or chart.label not in names:
        return {"bars": [], "series": [], "unit": ""}
    label, places = names.index(chart.label), [names.index(each) for each in values]
    shown = result.rows[:MOST_BARS]
    top = max((sum(float(row[place]) for place in places) for row in shown), default=0) or 1
    bars = [
        {
            "label": str(row[label]),
            "text": f"{sum(float(row[place]) for place in places):g}",
            "parts": [
                {"n": n, "share": round(100 * float(row[place]) / top, 2)}
                for n, place in enumerate(places)
                if float(row[place]) > 0
            ],
        }
        for row in shown
    ]
    labels = [str(result.columns[place].label) for place in places]
    return {"bars": bars, "series": labels, "unit": str(chart.unit)}
