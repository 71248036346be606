"""What a file is, decided from its bytes alone; its name and what the client says count nothing.

Formats that contain others (PDF in front of a ZIP, HTML with an image header) are what their first
bytes say, and whatever they are, they leave us as an attachment of an inert type.
"""

from __future__ import annotations

import codecs
import re
import struct
import zipfile
from pathlib import Path

import puremagic

OTHER = "application/octet-stream"
TEXT = "text/plain"
ZIP = "application/zip"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
# Found, named on the page, but never told to a browser: it would run them.
ACTIVE = frozenset({"text/html", "image/svg+xml", "text/xml"})
HEAD = 8192
MOST_MEMBERS = 1_000
# The index of so many members with names of usual length; it is read into memory whole.
MOST_INDEX = 256 * MOST_MEMBERS
_SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
)
_INSIDE = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX}
_ODF = re.compile(rb"application/vnd\.oasis\.opendocument\.[a-z-]{4,20}")
_MARKUP = re.compile(
    rb"<\s*(!doctype\s+html|html|head|body|script|iframe|svg|\?xml|img|meta|!--)", re.I
)
# What puremagic may add to our own list: sounds, films and pictures that nobody interprets.
_OF_OTHERS = re.compile(r"(audio|video)/[\w.+-]{1,60}|image/(tiff|heic|heif|avif|x-icon)")
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27}
_SURE = 0.6


def content_type(path: Path) -> str:
    """The content type of the file at `path`, from its first bytes and, of a ZIP, its members."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    for sign, kind in _SIGNS:
        if head.startswith(sign) and not (sign == b"BM" and len(head) < 26):
            return kind
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _in_archive(path)
    if _is_text(head):
        return _markup(head) or TEXT
    return _by_magic(head)


def served(kind: str) -> str:
    """The type that a browser is told: never one that it would run."""
    return OTHER if kind in ACTIVE else kind


def is_picture(kind: str) -> bool:
    """Whether its preview is a picture."""
    return kind in IMAGES or kind == PDF


def is_readable(kind: str) -> bool:
    """Whether text can be read from it; of web pages and XML it is their source."""
    return kind in (PDF, DOCX, TEXT) or kind in ACTIVE


def icon(kind: str) -> str:
    """The icon that stands for a type."""
    if kind == PDF:
        return "file-type-pdf"
    if kind.startswith("image/"):
        return "photo"
    if kind.startswith("video/"):
        return "video"
    if kind == XLSX or kind.endswith("spreadsheet"):
        return "file-spreadsheet"
    if kind in (DOCX, TEXT, "application/rtf") or kind.endswith("opendocument.text"):
        return "file-text"
    return "archive" if "zip" in kind or "rar" in kind or "7z" in kind else "file"


def _in_archive(path: Path) -> str:
    """A ZIP by what stands in it; one that cannot be read, or holds too much, is a ZIP still."""
    if not _has_small_index(path):
        return ZIP
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                return ZIP
            names = {each.filename for each in members}
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
                said = archive.read("mimetype").strip()
                if _ODF.fullmatch(said):
                    return said.decode("ascii")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        return ZIP
    if "[Content_Types].xml" in names:
        return next((kind for name, kind in _INSIDE.items() if name in names), ZIP)
    return ZIP


def _has_small_index(path: Path) -> bool:
    """Whether the end of a ZIP (APPNOTE 4.3.16) says that its index is small. This runs in the web
    process, which must not unpack the index of a million members to find that they are many."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_557))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22 or tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        return False  # no end, or the end of a ZIP64
    _signs, members, index = struct.unpack_from("<10sHI", tail, at)
    return bool(members <= MOST_MEMBERS and index <= MOST_INDEX)


def _is_text(head: bytes) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    return not _CONTROLS & set(head)


def _markup(head: bytes) -> str | None:
    """HTML, SVG and XML are texts that a browser would run."""
    plain = head.replace(b"\x00", b"")
    found = _MARKUP.search(plain)
    if found is None:
        return None
    if re.search(rb"<\s*svg", plain, re.I):
        return "image/svg+xml"
    return "text/xml" if found.group(1).lower() == b"?xml" else "text/html"


def _by_magic(head: bytes) -> str:
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError, IndexError, KeyError):
        return OTHER
    for each in found:
        kind = str(each.mime_type or "")
        if each.confidence >= _SURE and _OF_OTHERS.fullmatch(kind):
            return kind
    return OTHER
