"""Pictures of previews: drawn anew, bounded, without anything that the original carried along."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SMALL, LARGE = (320, 320), (1600, 1600)
PAGE = (1240, 1754)
MOST_PAGES = 5
# A point is 1/72 inch; more than 150 dots an inch shows nothing more on a page.
MOST_SCALE = 150 / 72
_ORIENTATION = 0x0112
# What a camera says of how it was held, as the transposition that makes up for it (EXIF 2.3).
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")


class Unreadable(Exception):
    """Why a file cannot be shown: one of the problems that people are told."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def of_image(path: Path, most_pixels: int) -> Iterator[tuple[int, bytes]]:
    """A large and a small picture of an image of at most so many pixels; of moving ones the first
    frame. Raises Unreadable before the pixels of a larger one are unpacked."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # we count ourselves, and before anything is unpacked
    with Image.open(path, formats=_FORMATS) as image:
        if image.width * image.height > most_pixels:
            raise Unreadable("too_large")
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
        image.draft("RGB", LARGE)  # JPEG is then unpacked no larger than needed
        smaller = _reduced(image)
    if turn is not None:
        smaller = smaller.transpose(turn)
    smaller.thumbnail(LARGE)
    yield 1, _encoded(smaller, LARGE)
    yield 0, _encoded(smaller, SMALL)


def of_pdf(path: Path) -> Iterator[tuple[int, bytes]]:
    """Pictures of the first pages of a PDF, and a small one of the first."""
    import pypdfium2

    document = opened(pypdfium2, path)
    for number in range(min(len(document), MOST_PAGES)):
        page = document[number]
        image = page.render(scale=_scale(page.get_width(), page.get_height())).to_pil()
        page.close()
        if number == 0:
            yield 0, _encoded(image, SMALL)
        yield number + 1, _encoded(image, PAGE)


def opened(pypdfium2: Any, path: Path) -> Any:
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        protected = "password" in str(error).lower()
        raise Unreadable("protected" if protected else "damaged") from None


def _scale(width: float, height: float) -> float:
    """So that the largest page is drawn within PAGE, however long it says to be."""
    if not (width > 0 and height > 0):
        raise Unreadable("damaged")
    return min(MOST_SCALE, PAGE[0] / width, PAGE[1] / height)


def _reduced(image: Any) -> Any:
    """The image in the colours of a screen, by a whole factor nearer to LARGE. It is made strip by
    strip: what an image needs beside its own pixels stays small."""
    from PIL import Image

    see_through = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    mode = "RGBA" if see_through else "RGB"
    factor = max(1, max(image.size) // LARGE[0])
    size = -(-image.width // factor), -(-image.height // factor)
    found = Image.new(mode, size)
    height = factor * 64
    for top in range(0, image.height, height):
        strip = image.crop((0, top, image.width, min(top + height, image.height)))
        strip.info = image.info  # a palette's see-through colour
        found.paste(strip.convert(mode).reduce(factor), (0, top // factor))
    return found


def _encoded(image: Any, most: tuple[int, int]) -> bytes:
    from PIL import Image

    smaller = image.copy()
    smaller.thumbnail(most)
    # A new image holds pixels and nothing else: no place, no camera, no comment, no profile.
    bare = Image.new(smaller.mode, smaller.size)
    bare.paste(smaller)
    data = io.BytesIO()
    bare.save(data, "WEBP", quality=82, method=2)
    return data.getvalue()
