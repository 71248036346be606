"""Open a file for an import: find its mapping, check it, and see what it would need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.records.models import CustomField
from kontora.records.transfer.assemble import Assembler
from kontora.records.transfer.assembled import Assembled, ImportOptions
from kontora.records.transfer.cells import choose, text_of
from kontora.records.transfer.from_record import RecordAssembler
from kontora.records.transfer.guess import guess_mapping, guess_names, mapping_of, normal
from kontora.records.transfer.heading_words import HEADINGS
from kontora.records.transfer.issues import Issue
from kontora.records.transfer.lookup import ROW_KEYS
from kontora.records.transfer.mapping import check_mapping
from kontora.records.transfer.paths import FieldPath, labels_of, path_named, paths_of
from kontora.records.transfer.readers import open_table
from kontora.records.transfer.table import Row, Table
from kontora.registry.records import RecordType
from kontora.text import _

SAMPLE_ROWS = 200
REGION = "company.region"
ON_DUPLICATE = ("create", "skip", "update", "ask")


@dataclass(slots=True, kw_only=True)
class Prepared:
    """A file that can be imported. `mapping` is empty when its rows carry whole records."""

    rtype: RecordType
    table: Table
    options: ImportOptions
    paths: Mapping[str, FieldPath]
    mapping: Mapping[str, str]
    carries_records: bool
    custom: frozenset[str] = frozenset()
    _assembler: Assembler | RecordAssembler = field(repr=False)

    @property
    def kept_mapping(self) -> dict[str, str] | None:
        """The mapping as it is kept with the run: a resumed run does not guess again."""
        return None if self.carries_records else dict(self.mapping)

    @property
    def systems(self) -> tuple[str, ...]:
        """The external systems whose keys the file has."""
        plain = self._assembler
        return plain.systems if isinstance(plain, Assembler) else ()

    @property
    def may_link(self) -> bool:
        """Whether rows may point to each other, so that a second pass is needed."""
        if self.carries_records:
            return True
        named = (path_named(dict(self.paths), path) for path in self.mapping.values())
        return any(entry is not None and entry.how in ("link", "links") for entry in named)

    def assemble(self, row: Row) -> Assembled:
        """The data of a row."""
        return self._assembler.assemble(row)

    def make_custom_fields(self, session: ScopedSession) -> list[Issue]:
        """Define the own fields that the mapping names and nobody has defined yet."""
        issues = []
        for key in sorted(self._new_custom(session)):
            made = CustomField(entity=self.rtype.entity, key=key, label=key.replace("_", " "))
            session.permit(made)
            session.add(made)
            text = _("An own field of type text was made for it.")
            column = next((c for c, p in self.mapping.items() if p == f"custom.{key}"), key)
            path = f"custom.{key}"
            issues.append(
                Issue(
                    row=0, column=column, value="", reason=text, severity="changed", new_value=path
                )
            )
        session.flush()
        return issues

    def check_custom_fields(self, session: ScopedSession) -> None:
        """Raise Forbidden when own fields would have to be made, and the principal may not."""
        new = self._new_custom(session)
        if new and not session.principal.rights.has("admin.settings"):
            text = _("There is no own field “%(key)s”, and you may not define one.")
            remedy = _("An administrator can define it, or take the column out of the mapping.")
            raise Forbidden("admin.settings", text % {"key": sorted(new)[0]}, remedy)

    def _new_custom(self, session: ScopedSession) -> set[str]:
        if not self.custom:
            return set()
        known = select(CustomField.key).where(CustomField.entity == self.rtype.entity)
        return set(self.custom) - set(session.scalars(known))


def prepare(
    site: Any, principal: Principal, rtype: RecordType, file: Path, options: ImportOptions
) -> Prepared:
    """Open and check a file with its mapping, by guess where there is none.

    Raises Invalid for whatever makes the import as a whole impossible, and Forbidden.
    """
    if options.on_duplicate not in ON_DUPLICATE:
        text = _("Known: %(known)s.") % {"known": ", ".join(ON_DUPLICATE)}
        raise Invalid({"on_duplicate": [text]})
    options = _with_region(site, principal, options)
    table = open_table(
        file,
        encoding=options.encoding,
        delimiter=options.delimiter,
        has_header=options.has_header,
        sheet=options.sheet,
    )
    with site.read(principal) as session:
        rtype = session.registry.effective(rtype)
    paths = paths_of(rtype, principal.rights)
    sample = table.sample(SAMPLE_ROWS)
    if not sample:
        raise Invalid({"file": [_("The file has no rows.")]})
    carries = table.carries_records and options.mapping is None
    mapping = {} if carries else mapping_for(table, paths, options, sample)
    plain = Assembler(rtype, paths, mapping, options, sample)
    prepared = Prepared(
        rtype=rtype,
        table=table,
        options=options,
        paths=paths,
        mapping=mapping,
        carries_records=carries,
        custom=frozenset(_custom(mapping, sample if carries else ())),
        _assembler=RecordAssembler(plain, paths) if carries else plain,
    )
    with site.read(principal) as session:
        prepared.check_custom_fields(session)
    return prepared


def _with_region(site: Any, principal: Principal, options: ImportOptions) -> ImportOptions:
    """Phone numbers without a country belong to that of the company, unless it is said."""
    if options.region or REGION not in site.registry.settings:
        return options
    with site.read(principal) as session:
        return replace(options, region=site.setting(session, REGION) or None)


def _custom(mapping: Mapping[str, str], sample: Iterable[Row]) -> set[str]:
    found = {path.partition(".")[2] for path in mapping.values() if path.startswith("custom.")}
    for row in sample:
        custom = (row.record or {}).get("custom")
        found |= set(custom) if isinstance(custom, Mapping) else set()
    return found


def mapping_for(
    table: Table, paths: Mapping[str, FieldPath], options: ImportOptions, sample: list[Row]
) -> dict[str, str]:
    """The mapping that was given, checked; else the guess. Raises Invalid."""
    if options.mapping is not None:
        found = check_mapping(options.mapping.items(), table.columns, paths)
        _check_systems(found)
        return found
    found = guessed(table.columns, paths, sample)
    if not found:
        text = _("None of the columns was understood (%(columns)s). Give a mapping.")
        columns = ", ".join(table.columns[:20])
        raise Invalid({"mapping": [text % {"columns": columns}]})
    return found


def guessed(
    columns: Sequence[str], paths: Mapping[str, FieldPath], sample: Sequence[Row]
) -> dict[str, str]:
    """What the columns probably mean, by their headings and by what stands below them."""
    labels = labels_of(paths.values())
    found = mapping_of(guess_mapping(columns, paths, sample=sample, labels=labels))
    for column, path in list(found.items()):
        if _is_no_choice(paths.get(path), column, sample):
            # A column “State” may hold what state the record is in, or Alberta.
            other = HEADINGS.get(normal(column), "")
            del found[column]
            if other in paths and other not in found.values():
                found[column] = other
    return {**guess_names(columns, paths, found), **found}


def _is_no_choice(entry: FieldPath | None, column: str, sample: Sequence[Row]) -> bool:
    if entry is None or entry.how != "field" or entry.field is None or not entry.field.choices:
        return False
    texts = [text for row in sample if (text := text_of(row.cells.get(column, "")).strip())]
    understood = sum(choose(entry.field, text).value is not None for text in texts)
    return bool(texts) and understood * 2 < len(texts)


def _check_systems(mapping: Mapping[str, str]) -> None:
    for column, path in mapping.items():
        system = path.partition(".")[2] if path.startswith("external.") else ""
        if len(system) > 64 or system.startswith(ROW_KEYS):
            text = _("The name of a system has at most 64 signs and does not begin so.")
            raise Invalid({f"mapping.{column}": [text]})
