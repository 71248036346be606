"""The text of PDF, DOCX and plain text, at most so much of it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kontora.records.files.pictures import Unreadable, opened
from kontora.records.transfer.encodings import detect_encoding

LONGEST = 1_000_000
MOST_PAGES = 500
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# The parts of a document that people wrote: its body, notes, heads and feet of pages.
_PART = re.compile(r"word/(document|footnotes|endnotes|comments|header\d+|footer\d+)\.xml")
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def of_pdf(path: Path) -> str:
    """The text of the first pages of a PDF."""
    import pypdfium2

    document = opened(pypdfium2, path)
    pieces: list[str] = []
    size = 0
    for number in range(min(len(document), MOST_PAGES)):
        page = document[number]
        text = page.get_textpage().get_text_bounded()
        page.close()
        pieces.append(text)
        size += len(text)
        if size >= LONGEST:
            break
    return storable("\n".join(pieces))


def of_text(path: Path) -> str:
    """The text of a file in whatever encoding it seems to be."""
    encoding = detect_encoding(path)
    with path.open(encoding=encoding.name, errors="replace") as file:
        return storable(file.read(LONGEST))


def of_docx(path: Path, options: Mapping[str, int]) -> str:
    """The text of a Word document. Raises Unreadable for an archive that would burst."""
    with zipfile.ZipFile(path) as archive:
        check_archive(archive, path.stat().st_size, options)
        parts = [each for each in archive.namelist() if _PART.fullmatch(each)]
        pieces: list[str] = []
        size = 0
        for part in sorted(parts, key=lambda name: (name != "word/document.xml", name)):
            for piece in _paragraphs(archive, part):
                pieces.append(piece)
                size += len(piece)
                if size >= LONGEST:
                    return storable("".join(pieces))
    return storable("".join(pieces))


def check_archive(archive: zipfile.ZipFile, packed: int, options: Mapping[str, int]) -> None:
    """Raise Unreadable when an archive holds too many members or too much in too little."""
    members = archive.infolist()
    whole = sum(each.file_size for each in members)
    if len(members) > options["members"] or whole > options["bytes"]:
        raise Unreadable("too_large")
    if whole > options["ratio"] * max(packed, 1):
        raise Unreadable("too_large")
    places = [each.header_offset for each in members]
    if len(set(places)) != len(places):  # members that share bytes
        raise Unreadable("too_large")


def _paragraphs(archive: zipfile.ZipFile, part: str) -> Iterator[str]:
    """The words of one part; entities and document types are refused by the parser."""
    from defusedxml.ElementTree import iterparse

    with archive.open(part) as file:
        for _event, element in iterparse(file, forbid_dtd=True):
            yield from _of_element(element)


def _of_element(element: Any) -> Iterator[str]:
    if element.tag == f"{_WORD}t" and element.text:
        yield element.text
    elif element.tag == f"{_WORD}tab":
        yield "\t"
    elif element.tag in (f"{_WORD}p", f"{_WORD}br"):
        yield "\n"
    if element.tag in (f"{_WORD}p", f"{_WORD}tbl"):
        element.clear()  # nothing of it is needed any more


def storable(text: str) -> str:
    """Without characters that a database cannot keep."""
    return _UNSTORABLE.sub(" ", text[:LONGEST])
