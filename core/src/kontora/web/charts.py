"""Charts as SVG that the server draws: places in per cent, so that they fit any width, letters keep
their size, and nothing has to be loaded for them. `core/macros/charts.html` writes them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from kontora.records.reports import Result
from kontora.text import _
from kontora.web import formats

SERIES = 8  # so many can be told apart by colour and pattern; further ones are drawn as one
BARS, SMALL_BARS = 20, 6
LABELS, FEW_LABELS = 12, 4


def of(result: Result, *, small: bool = False) -> dict[str, Any] | None:
    """The chart of a report's result as its template draws it; None when there is none."""
    chart = result.chart
    if chart is None or not result.rows:
        return None
    names = [each.name for each in result.columns]
    values = [name for name in chart.values if name in names]
    if chart.label not in names or not values:
        return None
    label = names.index(chart.label)
    table = [_Line(row, label, names, values, result.links[n]) for n, row in enumerate(result.rows)]
    labels = {each.name: str(each.label) for each in result.columns}
    if len(values) > SERIES:
        kept = values[: SERIES - 1]
        for line in table:
            line.join(kept)
        labels["others"] = str(_("Others"))
        values = [*kept, "others"]
    if chart.kind in ("bars", "stacked"):
        found = _bars(table, values, SMALL_BARS if small else BARS)
    else:
        found = _plot(table, values, lines=chart.kind == "lines")
    series = [{"label": labels[name], "n": n} for n, name in enumerate(values)]
    return {
        **found,
        "kind": "plot" if chart.kind in ("columns", "lines") else "bars",
        "lines": chart.kind == "lines",
        "series": series if len(series) > 1 else [],
        "unit": chart.unit,
        "title": result.report.label,
        "id": "".join(char if char.isalnum() else "-" for char in result.report.id),
        "small": small,
    }


class _Line:
    """One row: its label, its numbers by name, and where they lead."""

    def __init__(
        self,
        row: Sequence[Any],
        label: int,
        names: Sequence[str],
        values: Sequence[str],
        links: Mapping[str, str],
    ) -> None:
        self.label = str(row[label])
        self.numbers = {name: _number(row[names.index(name)]) for name in values}
        self.links = dict(links)

    def join(self, kept: Sequence[str]) -> None:
        """Put all values but the kept ones together."""
        others = sum(number for name, number in self.numbers.items() if name not in kept)
        self.numbers = {name: self.numbers[name] for name in kept} | {"others": others}

    @property
    def total(self) -> float:
        return sum(self.numbers.values())


def _number(value: Any) -> float:
    try:
        return max(0.0, float(Decimal(str(value))))
    except (InvalidOperation, ValueError):
        return 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.3f}".rstrip("0").rstrip(".") + "%"


def _bars(table: Sequence[_Line], values: Sequence[str], most: int) -> dict[str, Any]:
    shown, rest = table[:most], table[most:]
    top = max((line.total for line in shown), default=0) or 1
    items = []
    for line in shown:
        parts, left = [], 0.0
        for n, name in enumerate(values):
            number = line.numbers[name]
            if number:
                parts.append(
                    {
                        "n": n,
                        "x": _percent(left / top),
                        "width": _percent(number / top),
                        "text": formats.as_number(_plain(number)),
                        "link": line.links.get(name),
                    }
                )
            left += number
        items.append(
            {"label": line.label, "text": formats.as_number(_plain(line.total)), "parts": parts}
        )
    return {"bars": items, "more": len(rest)}


def _plain(number: float) -> Any:
    return int(number) if number == int(number) else Decimal(str(number))


def _plot(table: Sequence[_Line], values: Sequence[str], *, lines: bool) -> dict[str, Any]:
    highest = max(
        (max(line.numbers.values()) if lines else line.total for line in table), default=0
    )
    ticks = scale(highest)
    top = ticks[-1]
    width = 1 / len(table)
    points: list[dict[str, Any]] = []
    for place, line in enumerate(table):
        below = 0.0
        for n, name in enumerate(values):
            number = line.numbers[name]
            point: dict[str, Any] = {
                "n": n,
                "label": line.label,
                "text": formats.as_number(_plain(number)),
                "link": line.links.get(name),
                "x": _percent((place + 0.5) * width),
                "y": _percent(1 - number / top),
                "high": number > 0.85 * top,
            }
            if lines:
                points.append(point)
            elif number:
                point |= {
                    "left": _percent((place + 0.15) * width),
                    "width": _percent(0.7 * width),
                    "top": _percent(1 - (below + number) / top),
                    "height": _percent(number / top),
                }
                points.append(point)
            below += number
    strokes = []
    if lines:
        for n in range(len(values)):
            mine = [each for each in points if each["n"] == n]
            strokes += [
                {"n": n, "x1": a["x"], "y1": a["y"], "x2": b["x"], "y2": b["y"]}
                for a, b in itertools.pairwise(mine)
            ]
    every, few = math.ceil(len(table) / LABELS), math.ceil(len(table) / FEW_LABELS)
    moments = [
        {"label": line.label, "shown": place % every == 0, "always": place % few == 0}
        for place, line in enumerate(table)
    ]
    return {
        "points": points,
        "strokes": strokes,
        "ticks": [
            {"y": _percent(1 - each / top), "text": formats.as_number(_plain(each))}
            for each in ticks
        ],
        "moments": moments,
    }


def scale(highest: float) -> list[float]:
    """Round numbers from nothing to just above the highest: 0, 5, 10, 15."""
    if highest <= 0:
        return [0, 1]
    rough = max(highest / 4, 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough)
    step = max(1, math.ceil(step)) if highest >= 1 else step
    return [step * each for each in range(math.ceil(highest / step) + 1)]
