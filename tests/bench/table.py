"""The figures as a table, printed and put between its marks in a page of the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any


def made(found: dict[str, Any]) -> str:
    """Medians in milliseconds of Kontora and of the floor, and how many times more that is."""
    counts = list(next(iter(found.values())))
    heads = "".join(f" {n} client{'s' * (n != '1')} | floor | times |" for n in counts)
    lines = [f"| operation |{heads}", "| --- |" + " ---: | ---: | ---: |" * len(counts)]
    for name, by_clients in found.items():
        cells = ""
        for ours, floor in by_clients.values():
            times = ours.median / floor.median
            cells += f" {ours.median:.1f} | {floor.median:.1f} | {times:.1f} |"
        lines.append(f"| {name} |{cells}")
    return "\n".join(lines)


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """The same for a JSON file."""
    return {
        name: {
            clients: {
                "kontora": vars(ours),
                "floor": vars(floor),
                "ratio": ours.median / floor.median,
            }
            for clients, (ours, floor) in by_clients.items()
        }
        for name, by_clients in found.items()
    }


def write(page: Path, engine: str, size: int, text: str) -> None:
    """Put a table between `<!-- bench ENGINE SIZE -->` and `<!-- end -->` of a page."""
    mark = f"<!-- bench {engine} {size} -->"
    before = page.read_text("utf-8")
    pattern = re.compile(re.escape(mark) + r".*?<!-- end -->", re.DOTALL)
    block = f"{mark}\n{text}\n<!-- end -->"
    after = pattern.sub(lambda _found: block, before) if pattern.search(before) else ""
    page.write_text(after or f"{before.rstrip()}\n\n{block}\n", "utf-8")
