"""A nightly job: a greeting for every contact whose birthday is today."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import extract, select

from kontora.api import JobContext, JobSpec, Party, Person, hookimpl, records
from kontora_hello.models import Greeting


def greet(context: JobContext) -> dict[str, int]:
    """Running it twice on one day makes nothing twice."""
    session, today = context.session, context.now.date()
    done = select(Greeting.party_id).where(
        Greeting.occasion == "birthday",
        Greeting.created_at >= context.now.replace(hour=0, minute=0, second=0, microsecond=0),
        Greeting.party_id.is_not(None),
    )
    found = (
        select(Party.id, Party.display_name)
        .join(Person, Person.party_id == Party.id)
        .where(extract("month", Person.birth_date) == today.month)
        .where(extract("day", Person.birth_date) == today.day, Party.id.not_in(done))
    )
    greetings = session.registry.record_type("hello/greetings")
    rows = session.execute(found).all()
    for party_id, name in rows:
        data = {"subject": name, "occasion": "birthday", "party": str(party_id)}
        records.create_record(session, greetings, data)
    return {"greetings": len(rows)}


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    return (JobSpec(name="hello.greet", handler=greet, schedule="30 6 * * *"),)
