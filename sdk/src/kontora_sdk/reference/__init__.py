"""The generated reference: Markdown pages written from the code that they describe."""

from __future__ import annotations

from pathlib import Path

from kontora_sdk.reference.hooks import hooks_page

__all__ = ["write_reference"]


def write_reference(folder: Path) -> list[Path]:
    """Write the pages of the reference into `folder` and return their paths.

    A page whose text did not change is left alone, so that a second build has nothing to do.
    """
    pages = {"hooks": hooks_page()}
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in sorted(pages.items()):
        path = folder / f"{name}.md"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
