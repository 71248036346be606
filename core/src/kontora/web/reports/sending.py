"""Reports by mail: set one up, see, pause, delete and send now; leave those that others send."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.http.context import db
from kontora.http.policy import RECORDS, SIGNED_IN, policy
from kontora.parties.reports import sending
from kontora.records import report_files, report_schedules, report_text, reports
from kontora.records.views import SHARE
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import Text, _
from kontora.web import flash, formats, forms
from kontora.web.addresses import with_query
from kontora.web.complaints import by_path
from kontora.web.reports.blueprint import blueprint
from kontora.web.reports.pages import offered

DAYS: tuple[Text, ...] = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
EVERY: dict[str, Text] = {"day": _("Every day"), "week": _("Every week"), "month": _("Every month")}
ACTIONS = ("pause", "resume", "delete", "now", "leave", "back")


def _fields(session: ScopedSession) -> list[Field]:
    kinds: list[tuple[str, Text]] = [("xlsx", _("Excel")), ("csv", "CSV")]
    if report_files.can_pdf():
        kinds.insert(0, ("pdf", "PDF"))
    weekdays = tuple(Choice(value=str(n), label=label) for n, label in enumerate(DAYS))
    hours = tuple(Choice(value=str(n), label=f"{n}:00") for n in range(24))
    found = [
        _choice("every", _("How often"), tuple(Choice(value=k, label=v) for k, v in EVERY.items())),
        _choice("weekday", _("On which day of the week"), weekdays, _("For “every week”.")),
        Field(
            name="day",
            label=_("On which day of the month"),
            type=FieldType.INTEGER,
            default=1,
            help=_("For “every month”; 31 is its last day."),
        ),
        _choice("hour", _("At which hour"), hours, _("By your own clock.")),
        _choice("format", _("File"), tuple(Choice(value=k, label=v) for k, v in kinds)),
    ]
    if session.principal.rights.has(SHARE):
        people = report_schedules.possible(session)
        found.append(
            Field(
                name="recipients",
                label=_("To whom"),
                type=FieldType.CHOICES,
                choices=tuple(Choice(value=str(each.id), label=each.name) for each in people),
                help=_("Each gets the figures of what he himself may see."),
            )
        )
    return found


def _choice(name: str, label: Text, choices: tuple[Choice, ...], text: Text = "") -> Field:
    return Field(
        name=name, label=label, type=FieldType.CHOICE, choices=choices, required=True, help=text
    )


@blueprint.get("/reports/<report_id>/send")
@policy(RECORDS)
def new(report_id: str) -> Response:
    """The form: how often, at which hour, to whom."""
    session = db()
    usual = {"every": "week", "weekday": "0", "day": 1, "hour": "8"}
    usual["format"] = "pdf" if report_files.can_pdf() else "xlsx"
    return _form(session, report_id, {**usual, "recipients": [str(session.principal.user_id)]})


@blueprint.post("/reports/<report_id>/send")
@policy(RECORDS)
def create(report_id: str) -> Response:
    """Set it up."""
    session = db()
    found = offered(session, report_id)
    values = forms.read(_fields(session), request.form)
    params = forms.read(reports.params_of(session, found), request.args)
    try:
        report_schedules.create(session, report_id, {**values, "params": params})
    except Invalid as error:
        return _form(session, report_id, values, by_path(error.errors, _fields(session)))
    flash.tell(_("The report will be sent. Stop it here at any time."), "good")
    return make_response(redirect("/reports/sent", 303))


def _form(
    session: ScopedSession, report_id: str, values: dict[str, Any], errors: Any = None
) -> Response:
    found = offered(session, report_id)
    given = forms.read(reports.params_of(session, found), request.args)
    try:
        kept = {name: value for name, value in given.items() if value is not None}
        asked = report_text.spoken(session, found, reports.loaded(session, found, kept))
    except Invalid:
        raise NotFound() from None
    page = render_template(
        "core/pages/report_send.html",
        page={"title": _("Send regularly: %(report)s") % {"report": found.label}, "hint": asked},
        fields=_fields(session),
        values=values,
        errors=errors or {},
        action=with_query(f"/reports/{report_id}/send", list(request.args.items())),
        back=with_query(f"/reports/{report_id}", list(request.args.items())),
    )
    return make_response(page, 422 if errors else 200)


@blueprint.get("/reports/sent")
@policy(SIGNED_IN)
def sent() -> str:
    """What I have set up, and what others send me."""
    session = db()
    rows = [_row(session, each) for each in report_schedules.listing(session)]
    return render_template(
        "core/pages/reports_sent.html",
        page={
            "title": _("Reports by mail"),
            "hint": _("Each recipient gets the figures of what he himself may see."),
        },
        rows=rows,
    )


def _row(session: ScopedSession, each: report_schedules.Schedule) -> dict[str, Any]:
    me = session.principal.user_id
    mine = each.owner_id == me
    report = session.registry.reports.get(each.report_id)
    own = next((one for one in each.recipients if one["user_id"] == me), None)
    asked = ""
    if report is not None:
        try:
            asked = report_text.spoken(
                session, report, reports.loaded(session, report, each.params)
            )
        except Invalid:
            asked = str(_("Its parameters no longer fit."))
    names = [one["name"] for one in each.recipients if one["state"] == report_schedules.ON]
    return {
        "id": each.id,
        "label": report.label if report is not None else each.report_id,
        "url": with_query(
            f"/reports/{each.report_id}", [(k, str(v)) for k, v in each.params.items()]
        ),
        "asked": asked,
        "when": _when(each),
        "paused": each.state != report_schedules.ACTIVE,
        "next": formats.as_datetime(each.next_at),
        "owner": None if mine else each.owner,
        "to": ", ".join(names),
        "errors": [f"{one['name']}: {one['error']}" for one in each.recipients if one["error"]]
        if mine
        else [],
        "format": each.format.upper(),
        "mine": mine,
        "gets": own is not None and own["state"] == report_schedules.ON,
        "left": own is not None and own["state"] == report_schedules.OFF,
    }


def _when(each: report_schedules.Schedule) -> str:
    if each.every == "week":
        text = _("%(day)s, %(hour)s:00") % {"day": DAYS[each.weekday], "hour": each.hour}
    elif each.every == "month":
        text = _("On day %(day)s of the month, %(hour)s:00") % {"day": each.day, "hour": each.hour}
    else:
        text = _("Every day, %(hour)s:00") % {"hour": each.hour}
    return str(text)


@blueprint.post("/reports/sent/<uuid:schedule_id>/<action>")
@policy(SIGNED_IN)
def act(schedule_id: UUID, action: str) -> Response:
    """Pause, resume, delete or send now one's own; leave, or take back, what one gets."""
    session = db()
    if action not in ACTIONS:
        raise NotFound()
    if action in ("leave", "back"):
        report_schedules.leave(session, schedule_id, back=action == "back")
    elif action == "delete":
        report_schedules.remove(session, schedule_id)
    elif action == "now":
        report_schedules.find(session, schedule_id)
        moment = f"now {session.now:%Y-%m-%dT%H:%M:%S}"
        sending.queue(session, schedule_id, moment)
        flash.tell(_("It is on its way to all recipients."), "good")
    else:
        state = report_schedules.PAUSED if action == "pause" else report_schedules.ACTIVE
        report_schedules.set_state(session, schedule_id, state)
    return make_response(redirect("/reports/sent", 303))
