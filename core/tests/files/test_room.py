"""How much may be kept: by the whole site, and by one user in a day; and repeated uploads."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from file_office import Office

from kontora import clock
from kontora.access.principal import system
from kontora.limits import Limits, using
from kontora.records.files import room
from kontora_sdk.testing.clients import signed_in, with_token
from kontora_sdk.testing.people import make_user

DAY = datetime(2026, 11, 21, 12, tzinfo=UTC)


def size_of(office: Office) -> int:
    """The bytes of all files of the site so far."""
    with office.site.read(system("test")) as session:
        return room._sum(session)


def upload(client: Any, record_id: UUID, *files: tuple[str, bytes], key: str = "") -> Any:
    parts = [(io.BytesIO(data), name) for name, data in files]
    return client.post(
        f"/api/v1/contacts/{record_id}/files",
        data={"file": parts},
        content_type="multipart/form-data",
        headers={"Idempotency-Key": key} if key else {},
    )


def names(client: Any, record_id: UUID) -> list[str]:
    found = client.get(f"/api/v1/contacts/{record_id}/files").json["items"]
    return sorted(each["name"] for each in found)


def test_the_site_keeps_so_much_and_says_what_to_do(office: Office) -> None:
    record_id, api = office.record(), office.program("administrator")
    before = office.on_disk()
    with using(Limits(files_bytes=size_of(office) + 100)):
        assert upload(api, record_id, ("fits.txt", b"x" * 100)).status_code == 201
        refused = upload(api, record_id, ("more.txt", b"x"))
        page = office.browser("administrator").post(
            f"/contacts/{record_id}/files",
            data={"file": (io.BytesIO(b"x"), "more.txt")},
            content_type="multipart/form-data",
        )
    for answer in (refused, page):
        assert answer.status_code == 413, answer.text
        assert "All files of this site together" in answer.text
        assert "KONTORA_LIMIT_FILES_BYTES" in answer.text
    assert names(api, record_id) == ["fits.txt"]
    assert len(office.on_disk() - before) == 1  # nothing is left of what was refused
    assert upload(api, record_id, ("more.txt", b"x")).status_code == 201  # the limit did it


def test_what_lies_in_the_bin_counts_still(office: Office) -> None:
    record_id, api = office.record(), office.program("administrator")
    (item,) = upload(api, record_id, ("a.txt", b"x" * 50)).json["items"]
    assert api.delete(f"/api/v1/files/{item['id']}").status_code == 204
    with using(Limits(files_bytes=size_of(office))):
        assert upload(api, record_id, ("b.txt", b"x")).status_code == 413


def test_a_user_adds_so_much_a_day(office: Office) -> None:
    one, other = (make_user(office.site, "administrator") for _n in range(2))
    record_id = office.record()
    with using(Limits(user_files_day_bytes=100)):
        with clock.frozen(DAY):
            api = with_token(office.app, office.site, one, scope="write")
            assert upload(api, record_id, ("a.txt", b"x" * 60)).status_code == 201
            refused = upload(api, record_id, ("b.txt", b"x" * 41))
            assert refused.status_code == 429
            assert int(refused.headers["Retry-After"]) == 12 * 3600
            assert "100 B a day" in refused.json["detail"]
            assert "KONTORA_LIMIT_USER_FILES_DAY_BYTES" in refused.json["remedy"]
            page = signed_in(office.app, office.site, one).post(
                f"/contacts/{record_id}/files",
                data={"file": (io.BytesIO(b"x" * 41), "b.txt")},
                content_type="multipart/form-data",
            )
            assert page.status_code == 429 and "100 B a day" in page.text
            second = with_token(office.app, office.site, other, scope="write")
            assert upload(second, record_id, ("c.txt", b"x" * 90)).status_code == 201
        with clock.frozen(DAY + timedelta(days=1)):
            api = with_token(office.app, office.site, one, scope="write")
            assert upload(api, record_id, ("b.txt", b"x" * 41)).status_code == 201


def test_two_who_add_at_once_do_not_pass_together(office: Office) -> None:
    record_id = office.record()
    office.person("administrator")
    start, ended = threading.Barrier(3), []

    def add(number: int) -> None:
        client = office.program("administrator")
        start.wait()
        ended.append(upload(client, record_id, (f"{number}.txt", b"x" * 60)).status_code)

    with using(Limits(files_bytes=size_of(office) + 100)):
        threads = [threading.Thread(target=add, args=(n,)) for n in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert sorted(ended) == [201, 413, 413]


# Repeated


def test_an_upload_that_is_sent_again_has_one_effect(office: Office) -> None:
    record_id, api = office.record(), office.program("administrator")
    sent = (("a.txt", b"one"), ("b.txt", b"two"))
    first = upload(api, record_id, *sent, key="k1")
    there = office.on_disk()
    again = upload(api, record_id, *sent, key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert names(api, record_id) == ["a.txt", "b.txt"]
    assert office.on_disk() == there  # the second bytes are gone
    with using(Limits(files_bytes=1)):  # nothing is added, so no limit is passed
        assert upload(api, record_id, *sent, key="k1").status_code == 201
    assert upload(api, record_id, *sent).status_code == 201  # without a key it is a new one
    assert len(names(api, record_id)) == 4


def test_a_key_is_for_these_very_files(office: Office) -> None:
    record_id, api = office.record(), office.program("administrator")
    assert upload(api, record_id, ("a.txt", b"one"), key="k2").status_code == 201
    others = [(record_id, ("a.txt", b"else")), (record_id, ("b.txt", b"one"))]
    for where, file in [*others, (office.record(), ("a.txt", b"one"))]:
        answer = upload(api, where, file, key="k2")
        assert answer.status_code == 422 and "Idempotency-Key" in answer.json["errors"]
    assert upload(api, record_id, ("a.txt", b"x"), key="two words").status_code == 422
    assert names(api, record_id) == ["a.txt"]


def test_a_refused_upload_leaves_its_key_free(office: Office) -> None:
    record_id, api = office.record(), office.program("administrator")
    with using(Limits(files_bytes=1)):
        assert upload(api, record_id, ("a.txt", b"one"), key="k3").status_code == 413
    assert upload(api, record_id, ("a.txt", b"one"), key="k3").status_code == 201


def test_sums_are_read_from_the_index(office: Office) -> None:
    """Of a million files too: the site's and the user's sum need no row of the table."""
    if office.site.database.write_engine.dialect.name != "sqlite":
        return
    with office.site.database.read_engine.connect() as connection:
        for where in ("", " WHERE made_by_id = x'00' AND created_at >= '2026-01-01'"):
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN SELECT sum(size) FROM file{where}"
            ).all()
            assert any("COVERING INDEX ix_file_size" in row[3] for row in plan), plan
