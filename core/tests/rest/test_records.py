"""Records by the API: created, read, changed, deleted, restored."""

from __future__ import annotations

from kontora_sdk.testing.clients import ProgramClient


def test_a_contact_is_created_read_changed_and_deleted(admin: ProgramClient) -> None:
    made = admin.post(
        "/api/v1/contacts", json={"given": "Anna", "family": "Petrova", "email": "anna@example.org"}
    )
    assert made.status_code == 201, made.json
    address = made.headers["Location"]
    assert made.headers["ETag"] == '"1"'
    read = admin.get(address)
    assert read.json == made.json
    changed = admin.patch(address, json={"given": "Hanna"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.json
    assert changed.json["given"] == "Hanna"
    gone = admin.delete(address, headers={"If-Match": changed.headers["ETag"]})
    assert (gone.status_code, gone.data) == (204, b"")
    assert admin.get(address).status_code == 404
    listed = admin.get("/api/v1/contacts?total=1")
    assert admin.post(address + "/restore").status_code == 200
