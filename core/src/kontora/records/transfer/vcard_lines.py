"""The lines of vCard files, versions 2.1, 3.0 and 4.0, as programs really write them.

vobject was tried first: of seven real files it reads four, and what it needs put right before
(soft line breaks, bare parameters, character sets, blocks of base64, missing ends) is nearly the
whole of a parser. So this one is our own: it never stops at a line that it does not understand.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_PROPERTY = re.compile(r"^(?:([\w-]+)\.)?([A-Za-z][\w-]*)((?:;(?:\"[^\"]*\"|[^\":])*)*):", re.ASCII)
_BASE64 = re.compile(rb"^[A-Za-z0-9+/=\s]+$")
_PARAMETER = re.compile(r';((?:"[^"]*"|[^;"])*)')
_DEEPEST = 8
_ENCODINGS = ("QUOTED-PRINTABLE", "BASE64", "B", "8BIT", "7BIT")
_VALUES = ("URI", "URL", "INLINE", "CONTENT-ID", "CID", "TEXT", "DATE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Property:
    """One property: `name` and parameter names in capitals, `value` decoded but not unescaped."""

    name: str
    value: str
    group: str = ""
    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    line: int = 0

    def types(self) -> set[str]:
        """The words of TYPE, in small letters."""
        return {word.lower() for word in self.parameters.get("TYPE", ())}


@dataclass(slots=True)
class Card:
    """One card: its properties in the order of the file, and the lines that are none."""

    line: int
    version: str = "3.0"
    properties: list[Property] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    nested: list[Card] = field(default_factory=list)
    complete: bool = False


def read_cards(lines: Iterable[bytes], encoding: str) -> Iterator[Card]:
    """Yield the cards of a file of bytes; `encoding` is for lines that do not name their own."""
    stack: list[Card] = []
    for number, raw in _logical(lines):
        head = raw.strip().upper()
        if head == b"BEGIN:VCARD":
            if stack and not _opens_nested(stack[-1]):
                # The end of the card before was forgotten.
                yield stack[0]
                stack.clear()
            if len(stack) < _DEEPEST:
                stack.append(Card(line=number))
        elif head == b"END:VCARD":
            if stack:
                card = stack.pop()
                card.complete = True
                if stack:
                    stack[-1].nested.append(card)
                else:
                    yield card
        elif stack and raw.strip():
            _add(stack[-1], number, raw, encoding)
    if stack:
        yield stack[0]


def _opens_nested(card: Card) -> bool:
    last = card.properties[-1] if card.properties else None
    return last is not None and last.name == "AGENT" and not last.value.strip()


class _Folded:
    """A line of the file together with those that continue it."""

    def __init__(self, number: int, line: bytes) -> None:
        self.number = number
        self.text = bytearray(line)
        head = line.partition(b":")[0].upper()
        self.quoted = b"QUOTED-PRINTABLE" in head
        self.base64 = b"BASE64" in head or b"ENCODING=B" in head

    def take(self, line: bytes) -> bool:
        """Append `line` when it continues this one: a soft break, a blank in front, base64."""
        if self.quoted and self.text.endswith(b"="):
            if line.upper().startswith(b"END:VCARD"):
                return False
            # Outlook indents nothing here; whoever does has folded the line on top of it.
            self.text[-1:] = line.lstrip(b" \t")
            return True
        if line[:1] in (b" ", b"\t"):
            # The blank is only a sign of folding, in all versions as they are in use.
            self.text += line.strip() if self.base64 else line[1:]
            return True
        if self.base64 and line and b":" not in line and _BASE64.match(line):
            self.text += line.strip()
            return True
        return False


def _logical(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Put folded lines together; the number is that of the first."""
    current: _Folded | None = None
    for number, line in enumerate(lines, start=1):
        bare = line.rstrip(b"\r\n")
        if current is not None and current.take(bare):
            continue
        if current is not None:
            yield current.number, bytes(current.text)
        current = _Folded(number, bare)
    if current is not None:
        yield current.number, bytes(current.text)


def _add(card: Card, number: int, raw: bytes, encoding: str) -> None:
    found = _PROPERTY.match(raw.decode("latin-1"))
    if found is None:
        text = _decode(raw, encoding).strip()
        if card.properties and card.properties[-1].name in ("NOTE", "ADR", "LABEL"):
            last = card.properties[-1]
            card.properties[-1] = Property(
                name=last.name,
                value=f"{last.value}\n{text}",
                group=last.group,
                parameters=last.parameters,
                line=last.line,
            )
        else:
            card.strange.append(text)
        return
    parameters = _parameters(_decode(found.group(3).encode("latin-1"), encoding))
    value = _value(raw[found.end() :], parameters, encoding)
    name = found.group(2).upper()
    if name == "VERSION":
        card.version = value.strip()
        return
    card.properties.append(
        Property(
            name=name,
            value=value,
            group=(found.group(1) or "").lower(),
            parameters=parameters,
            line=number,
        )
    )


def _parameters(text: str) -> dict[str, list[str]]:
    """`;TYPE=work,voice;PREF=1` and the bare words of version 2.1 (`;WORK;VOICE`)."""
    result: dict[str, list[str]] = {}
    for part in _PARAMETER.findall(text):
        key, equals, value = part.partition("=")
        key = key.strip().upper()
        if not equals:
            word = key
            key = "TYPE"
            if word in _ENCODINGS:
                key = "ENCODING"
            elif word in _VALUES and word != "TEXT":
                key = "VALUE"
            value = word
        values = value.strip().replace('"', "").split(",")
        result.setdefault(key, []).extend(_caret(item.strip()) for item in values if item.strip())
    return result


def _caret(text: str) -> str:
    """The escapes of parameter values (RFC 6868)."""
    return text.replace("^n", "\n").replace("^'", '"').replace("^^", "^")


def _value(raw: bytes, parameters: Mapping[str, Sequence[str]], encoding: str) -> str:
    marks = {mark.upper() for mark in parameters.get("ENCODING", ())}
    charset = next(iter(parameters.get("CHARSET", ())), encoding)
    if "QUOTED-PRINTABLE" in marks:
        # An encoded semicolon is text, not the border of a component.
        return _decode(quopri.decodestring(raw.replace(b"=3B", b"\\;")), charset, encoding)
    if marks & {"BASE64", "B"}:
        return raw.decode("latin-1").strip()
    return _decode(raw, charset, encoding)


def _decode(raw: bytes, *charsets: str) -> str:
    """Decode with the first character set that fits; the card often lies about its own."""
    for charset in ("utf-8", *charsets):
        try:
            return raw.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    text = raw.decode("utf-8", "replace")
    # A letter cut in two is better than a whole text in the wrong letters.
    return text if text.count("\ufffd") * 8 < len(text) else raw.decode("cp1252", "replace")


def unescape(text: str, version: str) -> str:
    """Take the backslashes out of a text value; version 2.1 has none for line ends."""

    def plain(found: re.Match[str]) -> str:
        letter = found.group(1)
        if letter in "nN":
            return "\n" if version != "2.1" else found.group()
        return letter

    return re.sub(r"\\([nN\\,;:\"'])", plain, text).replace("\r\n", "\n").replace("\r", "\n")


def split_escaped(text: str, mark: str) -> list[str]:
    """Part a structured value at each `mark` that has no backslash before it."""
    parts, current, escaped = [], "", False
    for letter in text:
        if escaped:
            current += "\\" + letter
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == mark:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [*parts, current + ("\\" if escaped else "")]
