"""Files that mean harm (T-11), made by code: no bomb lies in the repository."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
OTHER, TEXT, PDF, ZIP = (
    "application/octet-stream",
    "text/plain",
    "application/pdf",
    "application/zip",
)
HTML, SVG, XML = "text/html", "image/svg+xml", "text/xml"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
SCRIPT = b"<script>alert(1)</script>"
DAMAGED, TOO_LARGE = "damaged", "too_large"


@dataclass(frozen=True)
class Hostile:
    """A file, what it is found to be, why it has no preview, and the name that is kept."""

    name: str
    data: bytes
    type: str
    problem: str | None = None
    kept_name: str | None = None


def zipped(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return target.getvalue()


def crowd(members: int, told: int) -> bytes:
    """A ZIP whose index names so many members, all of them in the same place, and tells another
    number of them."""
    start = b"PK\x03\x04" + bytes(26)
    one = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 8) + bytes(16)
    index = b"".join(one + b"%08d" % n for n in range(members))
    end = struct.pack("<4s4xHHIIH", b"PK\x05\x06", told, told, len(index), len(start), 0)
    return start + index + end


def docx(document: str, *more: tuple[str, bytes]) -> bytes:
    return zipped(
        [("[Content_Types].xml", b"<Types/>"), ("word/document.xml", document.encode()), *more]
    )


def paragraph(text: str) -> str:
    return f"<w:document {WORD}><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:document>"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *more: bytes) -> bytes:
    """A black picture of one bit a pixel, with chunks more."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    packer = zlib.compressobj(9)
    line = b"\0" * (1 + (width + 7) // 8)
    data = b"".join(packer.compress(line) for _each in range(height)) + packer.flush()
    return PNG_HEAD + head + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def pdf(box: str = "0 0 400 200", text: str = "Hello", *, extra: str = "", pages: int = 1) -> bytes:
    kids = " ".join("3 0 R" for _each in range(pages))
    stream = f"BT /F1 24 Tf 20 50 Td ({text}) Tj ET".encode()
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{extra}>>".encode(),
        f"<</Type/Pages/Kids[{kids}]/Count {pages}>>".encode(),
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>>>".encode(),
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    found, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(found))
        found += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(found)
    return found + b"xref\n0 6\n0000000000 65535 f \n" + rows + tail


def names() -> Iterator[Hostile]:
    """Names that would be dangerous if they were more than words."""
    pairs = {
        "../../etc/passwd": "passwd",
        "..\\..\\windows\\win.ini": "win.ini",
        "/absolute/path.txt": "path.txt",
        "C:\\autoexec.bat": "autoexec.bat",
        ".htaccess": ".htaccess",
        "\u200b.htaccess": ".htaccess",
        "shell.phar": "shell.phar",
        "shell.php.\u200bjpg": "shell.php.jpg",
        "invoice\u202efdp.exe": "invoicefdp.exe",
        "a\u2066b\u2069.txt": "ab.txt",
        "bom\ufeff.txt": "bom.txt",
        "new\r\nX-Evil: 1.txt": "newX-Evil: 1.txt",
        "tab\there.txt": "tab here.txt",
        'quo"ted\\.txt': ".txt",
        "semi;colon=1.txt": "semi;colon=1.txt",
        "per%2e%2e%2fcent.txt": "per%2e%2e%2fcent.txt",
        "<img src=x onerror=alert(1)>.txt": "<img src=x onerror=alert(1)>.txt",
        "{{7*7}}.txt": "{{7*7}}.txt",
        "=cmd|' calc'!A0.csv": "=cmd|' calc'!A0.csv",
        "..": "file",
        ".": "file",
        "   ": "file",
        "\u202e\u200b": "file",
        "Договір № 5 «Роги».txt": "Договір № 5 «Роги».txt",
        "cafe\u0301.txt": "café.txt",
        "n" * 300 + ".pdf": "n" * 195 + "….pdf",
        "e." + "x" * 300: "e." + "x" * 197 + "…",
        "\U0001f4a3.txt": "\U0001f4a3.txt",
        "CON": "CON",
        "name.txt:stream": "name.txt:stream",
        "\ue000private.txt": "private.txt",
    }
    for name, kept in pairs.items():
        yield Hostile(name, b"harmless", TEXT, kept_name=kept)


def active() -> Iterator[Hostile]:
    """What a browser would run, under names that say otherwise; and two things in one."""
    gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0"
    gif += b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
    yield Hostile("page.txt", b"<!DOCTYPE html><html>" + SCRIPT, HTML)
    yield Hostile("late.txt", b"words " * 300 + SCRIPT, HTML)
    yield Hostile(
        "picture.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", SVG
    )
    yield Hostile("drawing.svg", b"<?xml version='1.0'?><svg>" + SCRIPT + b"</svg>", SVG)
    yield Hostile("wide.txt", ("\ufeff<script>alert(1)</script>").encode("utf-16"), HTML)
    yield Hostile(
        "entity.xml",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        XML,
    )
    yield Hostile("gif.html", gif + SCRIPT, "image/gif")
    yield Hostile("gifar.gif", gif + zipped([("A.class", b"\xca\xfe\xba\xbe")]), "image/gif")
    yield Hostile("png.html", png(8, 8, chunk(b"tEXt", b"Comment\0" + SCRIPT)), "image/png")
    yield Hostile("pdf.html", pdf() + SCRIPT, PDF)
    yield Hostile("script.pdf", pdf(extra="/OpenAction<</S/JavaScript/JS(app.alert(1))>>"), PDF)
    yield Hostile("launch.pdf", pdf(extra="/OpenAction<</S/Launch/F(/bin/sh)>>"), PDF)
    yield Hostile("zip.pdf", zipped([("a.pdf", pdf())]), ZIP)
    yield Hostile("late.pdf", b"\0\1\2" + pdf(), OTHER)
    yield Hostile("shell.jpg", b"<?php system($_GET['c']); ?>", TEXT)
    yield Hostile("program.pdf", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" * 8, OTHER)
    yield Hostile("elf.png", b"\x7fELF\x02\x01\x01\0" + b"\0" * 64, OTHER)
    yield Hostile("shell.sh", b"#!/bin/sh\nrm -rf /\n", TEXT)
    yield Hostile("link.url", b"[InternetShortcut]\nURL=file://evil/share\n", TEXT)
    yield Hostile("mail.eml", b"From: a\r\nContent-Type: text/html\r\n\r\n" + SCRIPT, HTML)
    yield Hostile("cells.csv", b"=cmd|' /C calc'!A0,1\n", TEXT)


def bombs() -> Iterator[Hostile]:
    """What grows when it is opened, and what breaks who opens it."""
    nested = zipped([("a.zip", zipped([("b.zip", zipped([("c", b"\0" * 1_000_000)]))]))])
    many = [(f"word/{n}.xml", b"") for n in range(1_100)]
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    yield Hostile("flat.zip", zipped([("zeros", b"\0" * 20_000_000)]), ZIP)
    yield Hostile("nested.zip", nested, ZIP)
    yield Hostile("entries.zip", crowd(100_000, 0xFFFF), ZIP)
    yield Hostile("lying.zip", crowd(100_000, 3), ZIP)
    yield Hostile("slip.zip", zipped([("../../../etc/cron.d/x", b"x")]), ZIP)
    yield Hostile("gzip.gz", gzip.compress(b"\0" * 20_000_000), "application/gzip")
    yield Hostile("cut.zip", zipped([("a", b"a" * 1_000)])[:40], ZIP)
    yield Hostile("bomb.docx", docx(paragraph("x" * 30_000_000)), DOCX, TOO_LARGE)
    yield Hostile("many.docx", docx(paragraph("x"), *many), ZIP)
    yield Hostile("laughs.docx", docx(f"<!DOCTYPE a [{laughs}]>{paragraph('&l9;')}"), DOCX, DAMAGED)
    outside = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    yield Hostile("outside.docx", docx(outside + paragraph("&x;")), DOCX, DAMAGED)
    yield Hostile(
        "remote.docx",
        docx('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">' + paragraph("x")),
        DOCX,
        DAMAGED,
    )
    deep = f"<w:document {WORD}>" + "<w:p>" * 20_000 + "x" * 400_000
    yield Hostile("deep.docx", docx(deep), DOCX, TOO_LARGE)
    yield Hostile("broken.docx", docx("<w:document"), DOCX, DAMAGED)
    yield Hostile("huge.png", png(100_000, 20_000), "image/png", TOO_LARGE)
    yield Hostile("large.png", png(6_300, 6_300), "image/png")
    yield Hostile("thin.png", png(1_000_000, 1), "image/png")
    yield Hostile("cut.png", png(64, 64)[:50], "image/png", DAMAGED)
    yield Hostile("lying.png", PNG_HEAD + chunk(b"IHDR", b"\xff" * 13), "image/png", DAMAGED)
    text = zlib.compress(b"A" * 50_000_000)
    yield Hostile(
        "text.png", png(8, 8, chunk(b"zTXt", b"Comment\0\0" + text)), "image/png", DAMAGED
    )
    yield Hostile("empty.jpg", b"\xff\xd8\xff\xe0", "image/jpeg", DAMAGED)
    yield Hostile("huge.pdf", pdf("0 0 100000000 100000000"), PDF)
    yield Hostile("nothing.pdf", pdf("0 0 0 0"), PDF)
    yield Hostile("pages.pdf", pdf(pages=3_000), PDF)
    yield Hostile("garbage.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 100, PDF, DAMAGED)
    yield Hostile("loop.pdf", pdf().replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]"), PDF, DAMAGED)
    yield Hostile("empty.txt", b"", TEXT)
    yield Hostile("nul.txt", b"a\0b" * 100, OTHER)
    yield Hostile("line.txt", b"x" * 3_000_000, TEXT)
    yield Hostile("folder.tar", _tar(), OTHER)


def _tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo("../../etc/passwd")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    return target.getvalue()


def everything() -> list[Hostile]:
    return [*names(), *active(), *bombs()]


ACTIVE_TYPES = {
    HTML,
    SVG,
    XML,
    "application/xhtml+xml",
    "text/javascript",
    "application/javascript",
}
