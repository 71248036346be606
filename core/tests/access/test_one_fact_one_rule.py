"""A rule on a short form (`email`) covers the collection that holds the same fact, and back."""

from __future__ import annotations

from typing import Any

import pytest

from kontora.access.models import FieldRule
from kontora.access.principal import system
from kontora.errors import Invalid
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.service import Query
from kontora.records.transfer.export import export_file
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in, with_token
from kontora_sdk.testing.people import make_user

SECRET = "quillfeather@example.org"


@pytest.mark.parametrize("named", ["email", "points"])
def test_a_hidden_mail_is_seen_nowhere(site: Site, named: str, tmp_path: Any) -> None:
    with site.write(system("test")) as session:
        session.add(FieldRule(role_key="head", entity="party", field=named, access="hidden"))
    head = make_user(site, "head")
    contacts = site.registry.record_type("contacts")
    with site.write(system("test")) as session:
        data = {"family": "Anna", "email": SECRET, "phone": "+380671234567"}
        anna = service.create_record(session, contacts, data).id
        service.change_record(session, contacts, anna, {"email": f"x{SECRET}"})
    app = create_app(site)
    api, pages = with_token(app, site, head), signed_in(app, site, head)
    one = f"/contacts/{anna}"
    told = [
        api.get(f"/api/v1{one}").text,
        api.get(f"/api/v1{one}/history").text,
        api.get(f"/api/v1{one}?expand=points").text,
        pages.get(one).text,
        pages.get(f"{one}/history").text,
        pages.get(f"{one}/edit").text,
        pages.get("/contacts").text,
    ]
    assert all("quillfeather" not in each for each in told)
    file = tmp_path / "all.json"
    export_file(site, head, contacts, file, Query(), columns=None)
    assert "quillfeather" not in file.read_text(encoding="utf-8")
    with site.read(head) as session:
        assert service.list_records(session, contacts, Query(q="quillfeather")).items == []
        for name in ("email", "points.value"):
            leaf = {"field": name, "op": "eq", "value": SECRET}
            with pytest.raises(Invalid):
                service.list_records(session, contacts, Query(filter=leaf))
