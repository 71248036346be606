"""Columns find their fields, whatever program and language they come from."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kontora.errors import Invalid
from kontora.records.transfer.guess import guess_mapping, label_of, mapping_of
from kontora.records.transfer.mapping import check_mapping, is_allowed, read_mapping
from kontora.records.transfer.readers import open_table
from kontora.records.transfer.table import Row

# fmt: off
ALLOWED = [
    "given", "family", "middle", "display_name", "legal_name", "email", "phone", "fax", "web",
    "messenger", "social", "birth_date", "gender", "title", "department", "organisation",
    "affiliation.from", "affiliation.to", "reports_to", "role", "industry", "founded", "employees",
    "revenue", "address.street", "address.locality", "address.region", "address.postcode",
    "address.country", "identifier.*", "tag", "owner", "branch", "parent", "notes", "custom.*",
    "external.*",
]
# fmt: on


def guessed(headings: str) -> dict[str, str]:
    return mapping_of(guess_mapping(headings.split(","), ALLOWED))


def test_russian_headings() -> None:
    assert guessed(
        "Фамилия,Имя,Отчество,Компания,Должность,Рабочий телефон,E-mail,Дата рождения,ИНН,Город"
    ) == {
        "Фамилия": "family",
        "Имя": "given",
        "Отчество": "middle",
        "Компания": "organisation",
        "Должность": "title",
        "Рабочий телефон": "phone",
        "E-mail": "email",
        "Дата рождения": "birth_date",
        "ИНН": "identifier.inn",
        "Город": "address.locality",
    }


def test_ukrainian_headings() -> None:
    found = guessed("Прізвище,Ім’я,По батькові,Посада,Ел. пошта,Код ЄДРПОУ,Відповідальний")
    assert list(found.values()) == [
        "family", "given", "middle", "title", "email", "identifier.edrpou", "owner",
    ]  # fmt: skip


# A path, then headings that mean it, apart by bars. Those after “-” mean no field of ours.
MEANINGS = """
phone: Contact Phone Number|Work phone|Mobile No.|Tel. No.|Customer Mobile Number|Cell no
phone: Client's Telephone|Primary Phone #|Contact number|Phones|Company phone no|Work phone number
phone: Телефон клиента|Контактный номер телефона|Раб. тел.|Моб. тел.|№ телефона|Мобильный номер
phone: Номер мобильного телефона|Рабочий телефон контакта|Телефон контактного лица
phone: Телефон клієнта|Контактний номер телефону|Роб. тел.|Номер мобільного|Телефон замовника
display_name: Contact Name|Customer Name|Employee full name|Contact person|Lead Name
display_name: Наименование контрагента|Название клиента|ФИО контакта|ФИО сотрудника
display_name: Назва контрагента|ПІБ клієнта|Повне ім’я працівника|Найменування клієнта
email: Contact Email Address|Customer e-mail|Work e-mail address|Client mail|E-mails
email: Email клиента|Электронная почта контакта|E-mail адрес организации
email: Ел. пошта клієнта|Електронна пошта замовника|Адреса електронної пошти контакту
web: Company website|Website address|Сайт компании|Сайт організації
fax: Fax No.|Company fax number|Номер факса|Факс організації
address.street: Customer address|Contact street address|Адрес клиента|Адреса клієнта
address.locality: City name|Cities|Customer city|Город клиента|Місто замовника
address.region: Counties|State name|Область клиента
address.country: Country name|Customer Country|Страна клиента|Країна клієнта
organisation: Contact company|Наименование организации|Назва організації
identifier.inn: ИНН клиента|Номер ИНН|INN number
identifier.edrpou: Код ЄДРПОУ контрагента|ЄДРПОУ клієнта
title: Contact job title|Должность контакта|Посада контактної особи
-: Account number|Customer No.|Client ID|Employee number|Registration number|Lead source
-: Номер клиента|Номер заказа|Номер договора|Номер клієнта|Номер договору
-: Customer since|a|key|val|Location Coordinates|Company number
"""


@pytest.mark.parametrize("line", MEANINGS.split("\n")[1:-1])
def test_words_around_a_known_heading_change_nothing(line: str) -> None:
    path, _sign, headings = line.partition(": ")
    each = headings.split("|")
    # Beside a name a company is no name of the record itself.
    found = {heading: guessed(f"given,{heading}").get(heading, "-") for heading in each}
    assert found == dict.fromkeys(each, path)


def test_headings_of_a_database() -> None:
    found = guessed(
        "CustomerId,FirstName,LastName,Company,PostalCode,SupportRepId,ReportsTo,HireDate"
    )
    assert list(found.values()) == [
        "given", "family", "organisation", "address.postcode", "owner", "reports_to",
        "affiliation.from",
    ]  # fmt: skip


def test_outlook() -> None:
    found = guessed(
        "Title,First Name,Company,Job Title,Business Street,Business Street 2,Home Street,"
        "Business City,Home City,Business Fax,Home Phone,E-mail Address,E-mail 2 Address,"
        "E-mail Type"
    )
    assert "Title" not in found
    assert found["Job Title"] == "title"
    assert found["Business Street 2"] == found["Business Street"] == "address.street"
    assert "Home Street" not in found
    assert found["Business Fax"] == "fax"
    assert found["E-mail 2 Address"] == "email"
    assert "E-mail Type" not in found


def test_google() -> None:
    found = guessed(
        "First Name,Organization Name,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Value,"
        "Address 1 - Formatted,Address 1 - Street,Address 1 - Country,Website 1 - Value"
    )
    assert list(found.values()) == [
        "given", "organisation", "tag", "email", "phone", "address.street", "address.country",
        "web",
    ]  # fmt: skip


def test_birthdays_in_three_columns() -> None:
    found = guessed("First Name,Birth Year,Birth Month,Birth Day")
    assert list(found.values()) == ["given", "birth_date", "birth_date", "birth_date"]


def test_a_company_beside_no_name_is_the_name() -> None:
    assert guessed("Компания,ИНН")["Компания"] == "display_name"
    assert guessed("Компания,Фамилия")["Компания"] == "organisation"


def test_accounts(shared_data: Path) -> None:
    table = open_table(shared_data / "sales" / "crm_sales_opportunities" / "accounts.csv")
    assert mapping_of(guess_mapping(table.columns, ALLOWED, sample=table.sample())) == {
        "account": "display_name",
        "sector": "industry",
        "year_established": "founded",
        "revenue": "revenue",
        "employees": "employees",
        "office_location": "address.country",
        "subsidiary_of": "parent",
    }


def test_values_decide_where_headings_do_not() -> None:
    rows = [Row(number=n, cells={"x": f"a{n}@b.co", "y": str(n)}) for n in range(1, 5)]
    found = guess_mapping(["x", "y"], ALLOWED, sample=rows)
    assert [guess.path for guess in found] == ["email", ""]


def test_field_names_and_labels_win() -> None:
    found = guess_mapping(
        ["hello.score", "Оценка", "custom.vip"],
        [*ALLOWED, "hello.score", "hello.rank"],
        labels={"hello.rank": "Оценка"},
    )
    assert [guess.path for guess in found] == ["hello.score", "hello.rank", "custom.vip"]


def test_nothing_is_guessed_that_the_type_does_not_take() -> None:
    assert mapping_of(guess_mapping(["name", "email"], ["email"])) == {"email": "email"}


def test_labels_of_points() -> None:
    headings = ["Work Phone", "Mobile Number", "Моб. телефон", "Домашний телефон", "Phone"]
    assert [label_of(heading) for heading in headings] == ["work", "mobile", "mobile", "home", ""]


def test_wildcards() -> None:
    assert is_allowed("custom.x", ALLOWED)
    assert not is_allowed("custom.", ALLOWED)
    assert not is_allowed("custom", ALLOWED)


def test_a_mapping_file(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text('{"Mail": "email", " name": "display_name", "x": null}', "utf-8")
    pairs = read_mapping(path).items()
    assert check_mapping(pairs, ["Mail", "Name", "x"], ALLOWED) == {
        "Mail": "email",
        "Name": "display_name",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"Nope": "email"}', "no column “Nope”. It has: Mail, Name"),
        ('{"Mail": "emial"}', "did you mean “email”"),
        ('{"Mail": "zzz"}', "Known: address.country"),
        ('{"Mail": 5}', "no field “5”"),
        ('{"Mail": "email", "Mail": "phone"}', "named twice"),
        ("[1]", "one JSON object"),
        ('["a"]', "one JSON object"),
        ("[]", "one JSON object"),
        ("{", "not valid JSON"),
        ("{}", "no column at all"),
    ],
)
def test_a_wrong_mapping_is_explained(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "map.json"
    path.write_text(text, "utf-8")
    with pytest.raises(Invalid, match=message.replace("(", r"\(")):
        check_mapping(read_mapping(path).items(), ["Mail", "Name"], ALLOWED)


def test_an_unreadable_mapping_file(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        read_mapping(tmp_path / "none.json")


def test_customers_of_chinook(shared_data: Path, tmp_path: Path) -> None:
    """The customers, taken out to CSV, map without help (no database library is needed here)."""
    pysqlite3 = pytest.importorskip("pysqlite3.dbapi2")
    database = pysqlite3.connect(
        f"file:{shared_data / 'sample_business' / 'chinook.sqlite'}?mode=ro&immutable=1", uri=True
    )
    cursor = database.execute("SELECT * FROM Customer")
    path = tmp_path / "customers.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column[0] for column in cursor.description])
        writer.writerows(cursor)
    database.close()
    table = open_table(path)
    assert sum(1 for _row in table.rows()) == 59
    found = mapping_of(guess_mapping(table.columns, ALLOWED, sample=table.sample()))
    assert found["SupportRepId"] == "owner"
    assert len(found) == 12
