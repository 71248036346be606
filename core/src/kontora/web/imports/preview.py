"""The preview of an upload: its columns with what they mean, and the first rows as records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.http.context import principal, site
from kontora.records.transfer import beside
from kontora.records.transfer.assembled import Assembled, ImportOptions
from kontora.records.transfer.cells import text_of
from kontora.records.transfer.guess import normal
from kontora.records.transfer.paths import FieldPath, paths_of
from kontora.records.transfer.prepare import Prepared, guessed, prepare
from kontora.records.transfer.readers import open_table
from kontora.records.transfer.runs import Run
from kontora.records.transfer.table import Row, Table
from kontora.registry.records import RecordType
from kontora.text import _

ROWS, SAMPLES, LONGEST = 20, 3, 60
SCHEMES = ("inn", "ogrn", "edrpou", "unp", "vat", "rntrc", "iban")
ENCODINGS = ("utf-8", "utf-16", "cp1251", "koi8-r", "cp866", "latin-1")
DELIMITERS = ((",", _("Comma")), (";", _("Semicolon")), ("\t", _("Tab")), ("|", _("Bar")))
SYSTEM = "import"


def open_upload(run: Run) -> Table:
    """The uploaded file as a table, read as the options say. Raises Invalid."""
    from pathlib import Path

    options = run.options
    return open_table(
        Path(run.file_path),
        encoding=options.encoding,
        delimiter=options.delimiter,
        has_header=options.has_header,
        sheet=options.sheet,
    )


def ready(run: Run, rtype: RecordType) -> Prepared:
    """The upload with its options, checked. Raises Invalid and Forbidden."""
    from pathlib import Path

    return prepare(site(), principal(), rtype, Path(run.file_path), run.options)


def mapping_rows(
    session: ScopedSession, rtype: RecordType, table: Table, options: ImportOptions
) -> list[dict[str, Any]]:
    """The columns, each with some of its values, what it means, and what it could mean."""
    sample = table.sample(100)
    paths = paths_of(rtype, session.principal.rights)
    given = options.mapping
    if given is None:
        given = guessed(table.columns, paths, sample)
    offered = choices(session, rtype, paths)
    found = []
    for number, column in enumerate(table.columns):
        path = given.get(column, "")
        known = any(path == value for value, _label in offered)
        extra = [] if known or not path else [(path, path)]
        samples = _samples(sample, column)
        found.append(
            {
                "number": number,
                "name": column,
                "samples": samples,
                "path": path,
                "choices": [*offered, *extra],
            }
        )
    return found


def _samples(sample: Sequence[Row], column: str) -> list[str]:
    texts = (text_of(row.cells.get(column, "")).strip() for row in sample)
    found = list(dict.fromkeys(text for text in texts if text))[:SAMPLES]
    return [text if len(text) <= LONGEST else text[:LONGEST] + "…" for text in found]


def choices(
    session: ScopedSession, rtype: RecordType, paths: Mapping[str, FieldPath]
) -> list[tuple[str, str]]:
    """What a column may mean, as (path, label)."""
    found: list[tuple[str, str]] = []
    for path, entry in paths.items():
        if entry.how == "identifier":
            found += [(f"identifier.{each}", each.upper()) for each in SCHEMES]
        elif entry.how == "custom":
            if session.principal.rights.has("admin.settings"):
                found.append((path, str(_("A new own field"))))
        elif entry.how == "beside":
            part = beside.named(path)
            found += list(part.choices(session)) if part is not None else []
        elif entry.how == "words" and entry.field is not None and entry.field.name == path:
            continue
        else:
            found.append((path, _label(entry)))
    return found


def _label(entry: FieldPath) -> str:
    before = {"address": _("Address"), "affiliation": _("Position")}.get(entry.how)
    label = str(entry.label)
    return f"{before}: {label}" if before is not None and str(before) != label else label


def read_options(form: MultiDict[str, str], table: Table, run: Run) -> ImportOptions:
    """What the form of the preview says. The mapping is kept only if its columns were shown."""
    region = form.get("region", "").strip().upper()
    header = form.get("has_header", "")
    return ImportOptions(
        mapping=_mapping(form, table) if "map.0" in form else run.options.mapping,
        on_duplicate=form.get("on_duplicate", "create"),
        historic="true" in form.getlist("historic"),
        encoding=form.get("encoding") or None,
        delimiter=form.get("delimiter") or None,
        has_header=None if not header else header == "yes",
        sheet=form.get("sheet") or None,
        region=region if len(region) == 2 and region.isalpha() else None,
    )


def _mapping(form: MultiDict[str, str], table: Table) -> dict[str, str]:
    """Column → path. “A key” and “a new own field” get their names here."""
    system = "_".join(form.get("system", "").split()) or SYSTEM
    found = {}
    for number, column in enumerate(table.columns):
        path = form.get(f"map.{number}", "")
        if path == "external.*":
            path = f"external.{system}"
        elif path == "custom.*":
            path = f"custom.{normal(column).replace(' ', '_')[:60] or f'field_{number + 1}'}"
        if path:
            found[column] = path
    if not found:
        raise Invalid({"mapping": [_("Say of one column at least what it means.")]})
    return found


def first_rows(prepared: Prepared) -> list[dict[str, Any]]:
    """The first rows as they would become: what is known of each, and what is said about it."""
    rows = (prepared.assemble(row) for row in prepared.table.sample(ROWS))
    return [
        {
            "number": row.number,
            "facts": _facts(row),
            "issues": [each.as_dict() for each in row.issues],
        }
        for row in rows
    ]


def _facts(row: Assembled) -> str:
    found = [_shown(value) for value in row.data.values()]
    found += [f"{link.place}: {link.text}" for link in row.links]
    for place in row.affiliations:
        ends = (place.organisation, place.reports_to)
        found += [*map(str, place.facts.values()), *(each.text for each in ends if each)]
    found += [f"{system}: {key}" for system, key in row.keys.items()]
    return " · ".join(each for each in found if each)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        keep = (v for k, v in value.items() if k not in ("kind", "scheme", "label", "primary"))
        return ", ".join(_shown(each) for each in keep if each)
    if isinstance(value, list):
        return ", ".join(_shown(each) for each in value)
    return str(value)
