"""The confined process: `python -I -m kontora.records.files.child PATH TYPE OPTIONS`.

Started by `kontora.records.files.confined` only. It bounds itself before it looks at the file.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO


def main(arguments: list[str]) -> int:
    """Read one file and write what was found; 0 unless the process itself broke."""
    path, content_type, options = Path(arguments[0]), arguments[1], json.loads(arguments[2])
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no part of ours
    _bound(options)
    try:
        _read(path, content_type, options, output)
    except MemoryError:
        _write(output, "problem", b"too_much_memory")
    except Exception as error:  # whatever a parser raises, the file is told to be unreadable
        _write(output, "problem", str(getattr(error, "problem", "damaged")).encode())
    output.close()
    return 0


def _bound(options: Mapping[str, int]) -> None:
    try:
        import resource
    except ImportError:  # a system without limits: the parent still ends us in time
        return
    wanted = {
        "RLIMIT_DATA": options["memory"],
        "RLIMIT_AS": options["memory"] * 4,
        "RLIMIT_CPU": options["cpu"],
        "RLIMIT_FSIZE": options["output"],
        "RLIMIT_NOFILE": 64,
        "RLIMIT_CORE": 0,
    }
    for name, value in wanted.items():
        which = getattr(resource, name, None)
        if which is not None:
            _soft, hard = resource.getrlimit(which)
            most = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(which, (most, most))


def _read(path: Path, content_type: str, options: Mapping[str, int], output: IO[bytes]) -> None:
    from kontora.records.files import kinds, pictures, words

    if content_type in kinds.IMAGES:
        for number, data in pictures.of_image(path, options["pixels"]):
            _write(output, "picture", data, number)
    elif content_type == kinds.PDF:
        for number, data in pictures.of_pdf(path):
            _write(output, "picture", data, number)
        _write(output, "text", words.of_pdf(path).encode("utf-8", "replace"))
    elif content_type == kinds.DOCX:
        _write(output, "text", words.of_docx(path, options).encode("utf-8", "replace"))
    elif kinds.is_readable(content_type):
        _write(output, "text", words.of_text(path).encode("utf-8", "replace"))


def _write(output: IO[bytes], part: str, data: bytes, number: int = 0) -> None:
    head = json.dumps({"part": part, "size": len(data), "number": number})
    output.write(head.encode() + b"\n" + data)
    output.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
