"""What stands in files is found with their record, and its history tells of them."""

from __future__ import annotations

import pytest
from file_office import Office
from hostile_files import docx, paragraph, pdf

from kontora.access.principal import system
from kontora.records import reindex
from kontora.records import service as records
from kontora.records.files import confined, service

KINDS = {
    "a.pdf": (pdf(text="zanzibarpdf"), "zanzibarpdf"),
    "a.docx": (docx(paragraph("Договор бегемот № 5")), "бегемот"),
    "utf8.txt": ("Привіт, ґалаґан".encode(), "ґалаґан"),
    "cp1251.txt": ("Счёт на оплату от поставщика караганда".encode("cp1251"), "караганда"),
    "utf16.txt": ("Зимородок прилетел".encode("utf-16"), "зимородок"),
    "koi8.txt": ("Съешь ещё этих мягких французских булок".encode("koi8-u"), "французских"),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_text_of_a_file_finds_its_record(office: Office, name: str) -> None:
    data, word = KINDS[name]
    record_id = office.record()
    file_id = office.add(record_id, name, data)
    assert office.found(word) == [], "it is read by the worker, not by whoever waits"
    office.work()
    assert office.found(word) == [str(record_id)]
    assert word in office.browser("administrator").get(f"/files/{file_id}").text.casefold() or (
        name == "a.pdf"
    )
    with office.site.write(system("test")) as session:
        service.remove(session, file_id)
    assert office.found(word) == []
    with office.site.write(system("test")) as session:
        service.restore(session, file_id)
    assert office.found(word) == [str(record_id)]


def test_a_name_is_found_at_once_and_only_as_long_as_it_is_the_name(office: Office) -> None:
    record_id = office.record()
    file_id = office.add(record_id, "quokka.bin", b"\0\1\2")
    assert office.found("quokka") == [str(record_id)]
    with office.site.write(system("test")) as session:
        service.rename(session, file_id, "wombat.bin")
    assert office.found("quokka") == []
    assert office.found("wombat") == [str(record_id)]


def test_changing_the_record_or_writing_the_index_anew_keeps_the_words_of_files(
    office: Office,
) -> None:
    record_id = office.record()
    office.add(record_id, "numbat.txt", b"words of a pangolin")
    office.work()
    with office.site.write(system("test")) as session:
        rtype = session.registry.record_type("contacts")
        records.change_record(session, rtype, record_id, {"family": "Ivanova"})
    assert office.found("pangolin") == [str(record_id)]
    reindex.reindex(office.site.write, system("test"), rtype, lambda *_given: None)
    assert office.found("pangolin") == [str(record_id)]
    assert office.found("numbat") == [str(record_id)]


def test_the_words_of_a_file_are_found_by_who_sees_the_record_only(office: Office) -> None:
    record_id = office.record(by=office.person("head"))
    office.add(record_id, "a.txt", b"axolotl")
    office.work()
    assert office.found("axolotl", by=office.person("head")) == [str(record_id)]
    assert office.found("axolotl", by=office.person("manager")) == []


def test_a_file_that_cannot_be_read_is_told_and_blocks_nothing(office: Office) -> None:
    record_id = office.record()
    office.add(record_id, "broken.pdf", b"%PDF-1.7 nothing")
    office.add(record_id, "good.txt", b"capybara")
    office.work()
    assert office.found("capybara") == [str(record_id)]
    panel = office.browser("administrator").get(f"/contacts/{record_id}/panels/core.files").text
    assert "no preview" in panel
    assert "damaged" in panel


def test_a_parser_that_crashes_is_a_file_that_cannot_be_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "MODULE", "kontora.no_such_module")
    file_id = office.add(office.record(), "a.txt", b"okapi")
    office.work()
    with office.site.read(system("test")) as session:
        row, _found = service.find(session, file_id)
        assert (row.state, row.problem) == ("failed", "damaged")


def test_history_tells_who_added_renamed_and_removed_what(office: Office) -> None:
    head = office.person("head")
    record_id = office.record(by=head)
    file_id = office.add(record_id, "first.txt", b"a")
    with office.site.write(head) as session:
        version = records.version_of(session, session.registry.record_type("contacts"), record_id)
        service.rename(session, file_id, "second.txt")
        service.remove(session, file_id)
        rtype = session.registry.record_type("contacts")
        entries = records.history(session, rtype, record_id)[:3]
        assert [each.verb for each in entries] == ["detach", "rename", "attach"]
        told = [(old, new) for each in entries for _name, _label, old, new in each.fields]
        assert told == [("second.txt", None), ("first.txt", "second.txt"), (None, "first.txt")]
        assert entries[0].who == head.name
        assert records.version_of(session, rtype, record_id) == version, "nobody's edit is stale"
    page = office.browser("head").get(f"/contacts/{record_id}/history").text
    assert "removed a file" in page
    assert "second.txt" in page


@pytest.mark.parametrize("path", ["contacts", "counterparties", "activities"])
def test_each_type_of_record_has_the_panel(office: Office, path: str) -> None:
    data = {
        "contacts": {"family": "Petrova"},
        "counterparties": {"display_name": "Bruma"},
        "activities": {"kind": "note", "subject": "Talk"},
    }[path]
    record_id = office.record(path, **data)
    entity = "activity" if path == "activities" else "party"
    office.add(record_id, "gecko.txt", b"a", entity)
    browser = office.browser("administrator")
    assert f"/{path}/{record_id}/panels/core.files" in browser.get(f"/{path}/{record_id}").text
    panel = browser.get(f"/{path}/{record_id}/panels/core.files").text
    assert "gecko.txt" in panel
    assert "Drop files here or choose" in panel
    assert office.found("gecko", path) == [str(record_id)]
