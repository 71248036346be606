"""The pages of record types and of everything else that plugins declare, from a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kontora_sdk.reference.markdown import code, table

if TYPE_CHECKING:
    from kontora.registry.build import Registry
    from kontora.registry.fields import Field
    from kontora.registry.records import RecordType

FIELD_HEADS = ("field", "type", "label", "", "filter", "sort", "import", "export")


def records_page(registry: Registry) -> str:
    """Every record type with its fields, in the order of their paths."""
    parts = [
        "# Record types and fields\n",
        "The path stands after `/api/v1/`, in the address of the pages and in the command line.\n",
    ]
    for path in sorted(registry.record_types):
        parts.append(_record_type(registry.record_types[path]))
    return "\n".join(parts)


def _record_type(rtype: RecordType) -> str:
    facts = [f"Entity `{rtype.entity}`", f"declared by `{rtype.owner}`"]
    if rtype.kinds:
        facts.append("kinds " + ", ".join(code(kind) for kind in rtype.kinds))
    if not rtype.creatable:
        facts.append("not made by hand")
    about = f"{rtype.help}\n\n" if str(rtype.help) else ""
    fields = sorted(rtype.fields, key=lambda each: (each.name.count("."), each.order, each.name))
    return (
        f"## {rtype.label_plural} (`{rtype.path}`)\n\n{about}{'; '.join(facts)}.\n\n"
        + table(FIELD_HEADS, [_row(each) for each in fields])
        + "\n"
        + "\n".join(_sub_fields(each) for each in fields if each.collection is not None)
    )


def _row(field: Field) -> tuple[object, ...]:
    notes = [
        word
        for word, holds in (
            ("required", field.required),
            ("read-only", not field.is_input),
            ("on creation only", field.create_only),
            ("on demand (`expand`)", field.on_demand),
            ("not in the API", not field.in_api),
        )
        if holds
    ]
    if field.choices:
        notes.append("one of " + ", ".join(code(choice.value) for choice in field.choices))
    if field.target:
        notes.append(f"to {code(field.target)}")
    if field.kinds:
        notes.append("of " + ", ".join(field.kinds))
    uses = (field.filterable, field.sortable, field.importable and field.is_input, field.exportable)
    return (
        code(field.name),
        field.type.value,
        field.label,
        "; ".join(notes),
        *("yes" if use else "" for use in uses),
    )


def _sub_fields(field: Field) -> str:
    assert field.collection is not None, field
    rows = [
        (code(f"{field.name}.{each.name}"), each.type.value, each.label)
        for each in field.collection.fields
    ]
    return table(("inside", "type", "label"), rows)


def declarations_page(registry: Registry) -> str:
    """Permissions, reports, jobs, subscribers, panels, widgets, menu entries."""
    reports = [
        (
            code(report.id),
            report.label,
            ", ".join(code(param.name) for param in report.params),
            ", ".join(code(column.name) for column in report.columns),
        )
        for report in registry.reports.values()
    ]
    permissions = [
        (code(each.name), each.label, ", ".join(each.roles))
        for each in registry.permissions.values()
    ]
    panels = [(code(each.id), each.title, code(each.entity)) for each in registry.panels]
    widgets = [(code(each.id), each.title) for each in registry.widgets]
    menu = [(code(each.id), each.label, code(each.url), each.group) for each in registry.menu]
    jobs = [(code(job.name), code(job.schedule or "")) for job in registry.jobs.values()]
    sections = {
        "Permissions": table(("permission", "label", "roles that get it"), permissions),
        "Reports": table(("report", "label", "parameters", "columns"), reports),
        "Jobs": table(("job", "runs at (cron)"), jobs),
        "Panels of a record page": table(("panel", "title", "of"), panels),
        "Widgets of the home page": table(("widget", "title"), widgets),
        "Menu": table(("entry", "label", "address", "group"), menu),
    }
    parts = [f"## {title}\n\n{rows}" for title, rows in sections.items() if rows]
    return "# What plugins declare\n\n" + "\n".join(parts)
