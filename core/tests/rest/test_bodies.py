"""Bodies have the keys that the design prints, and no others go in."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records.models import ExternalKey
from kontora_sdk.testing.clients import ProgramClient

ANNA: dict[str, Any] = {
    "kind": "person",
    "given": "Anna",
    "family": "Petrova",
    "birth_date": "1987-05-14",
    "points": [{"kind": "email", "value": "anna@example.org", "label": "work"}],
    "addresses": [
        {
            "street": "Main Street 1",
            "locality": "Kyiv",
            "region": "Kyiv",
            "postcode": "01001",
            "country": "UA",
        }
    ],
    "identifiers": [{"scheme": "inn", "value": "500100732259"}],
    "roles": [{"role": "client", "status": "active", "from": "2024-01-01", "to": None}],
    "tags": ["vip"],
    "custom": {"vip_level": 2},
}


def test_a_person_is_shown_as_the_design_prints_it(manager: ProgramClient) -> None:
    made = manager.post("/api/v1/contacts", json=ANNA)
    assert made.status_code == 201, made.json
    shown = manager.get(made.headers["Location"]).json
    assert shown == made.json
    assert shown["display_name"] == "Anna Petrova"
    for key in ("kind", "given", "family", "birth_date", "tags", "custom"):
        assert shown[key] == ANNA[key]
    assert shown["points"] == [
        {
            "kind": "email",
            "value": "anna@example.org",
            "label": "work",
            "primary": True,
            "status": "ok",
        }
    ]
    for key in ("addresses", "identifiers", "roles"):
        assert ANNA[key][0].items() <= shown[key][0].items()
    me = manager.get("/api/v1/me").json
    assert shown["owner"] == {"id": me["id"], "name": me["name"]}
    assert shown["branch"] == me["branch"]
    assert shown["created_at"].endswith("Z")
    assert not {"external", "affiliations", "relations", "version", "email"} & shown.keys()


def test_an_organisation_has_its_own_names(manager: ProgramClient) -> None:
    above = manager.post("/api/v1/counterparties", json={"display_name": "Holding"}).json
    made = manager.post(
        "/api/v1/counterparties",
        json={
            "display_name": "Acme",
            "legal_name": "Acme Ltd",
            "industry": "Trade",
            "parent": above["id"],
        },
    )
    assert made.status_code == 201, made.json
    assert made.json["kind"] == "organisation"
    assert made.json["legal_name"] == "Acme Ltd"
    assert made.json["parent"] == {"id": above["id"], "name": "Holding"}
    assert not {"given", "family", "birth_date"} & made.json.keys()


def test_a_person_made_among_counterparties_is_a_contact_too(manager: ProgramClient) -> None:
    made = manager.post("/api/v1/counterparties", json={"kind": "person", "family": "Ivanova"})
    assert made.status_code == 201, made.json
    same = manager.get(f"/api/v1/contacts/{made.json['id']}")
    assert same.status_code == 200
    assert same.headers["ETag"] == made.headers["ETag"]
    assert same.json == made.json


def test_short_forms_make_points(manager: ProgramClient) -> None:
    made = manager.post(
        "/api/v1/contacts",
        json={"given": "Ivan", "email": "ivan@example.org", "phone": "+380 44 123 45 67"},
    )
    values = {(each["kind"], each["value"]) for each in made.json["points"]}
    assert values == {("email", "ivan@example.org"), ("phone", "+380441234567")}


def test_likely_duplicates_are_named_and_refuse_nothing(manager: ProgramClient) -> None:
    first = manager.post("/api/v1/contacts", json={"family": "A", "email": "same@example.org"})
    assert "duplicates" not in first.json
    second = manager.post("/api/v1/contacts", json={"family": "B", "email": "same@example.org"})
    assert second.status_code == 201
    assert [each["id"] for each in second.json["duplicates"]] == [first.json["id"]]
    assert "duplicates" not in manager.get(second.headers["Location"]).json


def test_what_is_expanded(manager: ProgramClient, site: Site) -> None:
    firm = manager.post("/api/v1/counterparties", json={"display_name": "Acme"}).json
    person = manager.post(
        "/api/v1/contacts",
        json={
            "family": "Petrova",
            "affiliations": [{"organisation": firm["id"], "title": "Director"}],
            "relations": [{"type": "advises", "other": {"id": firm["id"]}}],
        },
    ).json
    with site.write(system("test")) as session:
        for system_name, key in (("febrl", "rec-1"), ("old", "1"), ("old", "2")):
            session.add(
                ExternalKey(
                    entity="party", system=system_name, key=key, record_id=_uuid(person["id"])
                )
            )
    address = f"/api/v1/contacts/{person['id']}?expand=affiliations,relations,external"
    shown = manager.get(address).json
    assert shown["external"] == {"febrl": "rec-1", "old": ["1", "2"]}
    assert shown["affiliations"][0]["organisation"] == {"id": firm["id"], "name": "Acme"}
    assert shown["relations"][0]["other"] == {"id": firm["id"], "name": "Acme"}
    listed = manager.get("/api/v1/contacts?expand=external").json["items"]
    assert listed[0]["external"] == shown["external"]
    other = manager.get(f"/api/v1/counterparties/{firm['id']}?expand=external").json
    assert other["external"] == {}


def _uuid(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


def test_sparse_fields(manager: ProgramClient) -> None:
    made = manager.post("/api/v1/contacts", json=ANNA).json
    shown = manager.get(f"/api/v1/contacts/{made['id']}?fields=family,email").json
    assert shown.keys() == {"id", "kind", "family", "email", "created_at", "updated_at"}
    assert shown["email"] == "anna@example.org"
    refused = manager.get(f"/api/v1/contacts/{made['id']}?fields=family,nonsense")
    assert refused.status_code == 422
    assert refused.json["errors"].keys() == {"nonsense"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"nonsense": 1}, "nonsense"),
    ({"id": str(uuid4())}, "id"),
    ({"created_at": "2020-01-01T00:00:00Z"}, "created_at"),
    ({"version": 5}, "version"),
    ({"external": {"a": "b"}}, "external"),
    ({"legal_name": "X"}, "legal_name"),
    ({"kind": "organisation"}, "kind"),
    ({"family": 5}, "family"),
    ({"family": "x" * 256}, "family"),
    ({"birth_date": "1987-13-40"}, "birth_date"),
    ({"tags": "vip"}, "tags"),
    ({"tags": ["x" * 65]}, "tags.0"),
    ({"points": [{"kind": "smoke", "value": "x"}]}, "points.0.kind"),
    ({"points": [{"kind": "email", "value": "no address"}]}, "points.0.value"),
    ({"points": [{"kind": "email"}]}, "points.0.value"),
    ({"owner": str(uuid4())}, "owner"),
    ({"owner": "nobody"}, "owner"),
    ({"relations": [{"type": "advises", "other": str(uuid4())}]}, "relations.0.other"),
    ({"family": "a\x00b"}, "family"),
    ({"custom": {"key": {"deep": 1}}}, "custom.key"),
    ({"custom": {"a\ud800": 1}}, "custom"),
    ({"gender": "unknown"}, "gender"),
    ({"state": "gone"}, "state"),
]


def test_what_does_not_fit_is_named(manager: ProgramClient) -> None:
    wrong = []
    for sent, path in REFUSED:
        answer = manager.post("/api/v1/contacts", json={"family": "Petrova", **sent})
        fits = answer.status_code == 422 and path in answer.json["errors"]
        if not fits or answer.mimetype != "application/problem+json":
            wrong.append((sent, path, answer.status_code, answer.json))
    assert wrong == []
    assert manager.get("/api/v1/contacts?total=1").json["total"] == 0


def test_null_in_a_column_that_must_have_a_value_is_its_default(manager: ProgramClient) -> None:
    made = manager.post(
        "/api/v1/contacts",
        json={"family": "A", "state": None, "roles": [{"role": "client", "status": None}]},
    )
    assert made.status_code == 201, made.json
    assert made.json["state"] == "active"
    assert made.json["roles"][0]["status"] == "active"


def test_null_without_a_default_is_refused(admin: ProgramClient) -> None:
    branch = admin.post("/api/v1/branches", json={"name": None})
    assert branch.status_code == 422
    made = admin.post("/api/v1/branches", json={"name": "North"})
    refused = admin.patch(
        made.headers["Location"], json={"name": None}, headers={"If-Match": '"1"'}
    )
    assert refused.status_code == 422


def test_an_activity_links_parties_and_other_records(manager: ProgramClient) -> None:
    party = manager.post("/api/v1/contacts", json={"family": "A"}).json
    made = manager.post(
        "/api/v1/activities",
        json={
            "kind": "call",
            "subject": "Ring",
            "parties": [party["id"]],
            "records": [{"type": "party", "id": party["id"]}],
        },
    )
    assert made.status_code == 201, made.json
    assert made.json["parties"] == [{"id": party["id"], "name": "A"}]
    assert made.json["records"] == [{"type": "party", "id": {"id": party["id"], "name": "A"}}]
    for wrong in ({"type": "party", "id": str(uuid4())}, {"type": "cheese", "id": party["id"]}):
        refused = manager.post("/api/v1/activities", json={"kind": "call", "records": [wrong]})
        assert refused.status_code == 422, refused.json
        assert "records.0.id" in refused.json["errors"]
