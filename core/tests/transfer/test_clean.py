"""Values are cleaned; what is not understood says why."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kontora import clock
from kontora.records.transfer.clean import (
    Amount,
    check_identifier,
    clean_block,
    clean_boolean,
    clean_country,
    clean_date,
    clean_datetime,
    clean_decimal,
    clean_email,
    clean_integer,
    clean_money,
    clean_name,
    clean_person_names,
    clean_phone,
    clean_text,
    country_name,
    guess_dates,
    is_placeholder,
    scheme_name,
    split_emails,
    split_phones,
)


def vectors(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_phone_vectors_are_right(data: Path) -> None:
    wrong = []
    cases = vectors(data / "identifiers" / "phone_vectors.tsv")
    for case in cases:
        got = clean_phone(case["input"], case["default_region"])
        if (got.value, got.certain) != (case["expected_e164"], case["valid"] == "yes"):
            wrong.append((case, got))
    assert len(cases) == 620
    assert not wrong


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("8 (495) 123-45-67 доб. 12", "RU", "+74951234567;ext=12"),
        ("8 (044) 123-45-67", "UA", "+380441234567"),
        ("8-10-380-44-1234567", "RU", "+380441234567"),
        ("1 (780) 836-9987", None, "+17808369987"),
        ("tel:+1-418-656-9254;ext=102", None, "+14186569254;ext=102"),
        ("моб.: +38 067 123 45 67", None, "+380671234567"),
        ("+7 (916) 123‒45‒67", None, "+79161234567"),  # noqa: RUF100 - a figure dash
    ],
)
def test_phones_as_people_write_them(text: str, region: str | None, value: str) -> None:
    assert clean_phone(text, region).value == value


@pytest.mark.parametrize("text", ["BusinessPhone", "1-800-FLOWERS", "7,91612E+10", "", "--", "12"])
def test_what_is_no_phone_has_no_value(text: str) -> None:
    cleaned = clean_phone(text, "US")
    assert cleaned.value is None
    assert cleaned.problem


def test_a_phone_of_an_unknown_country_is_kept_with_a_doubt() -> None:
    cleaned = clean_phone("123456789")
    assert cleaned.value == "123456789"
    assert not cleaned.certain


def test_several_phones_in_one_cell() -> None:
    assert split_phones("8 (495) 123-45-67, 8 916 123 45 67") == [
        "8 (495) 123-45-67",
        "8 916 123 45 67",
    ]
    assert split_phones("+1 212 555 0100 ::: +1 212 555 0101")[1] == "+1 212 555 0101"
    assert len(split_phones("+7(495)123-45-67, ext 12")) == 1


def test_the_geographic_data_of_phones_is_never_loaded() -> None:
    code = (
        "import sys, kontora.records.transfer.clean as c; c.clean_phone('+74951234567');"
        "sys.exit(any('geocoder' in m or 'geodata' in m for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_company_numbers_are_right(shared_data: Path) -> None:
    cases = vectors(shared_data / "identifiers" / "company_id_vectors.tsv")
    wrong = [
        case
        for case in cases
        if check_identifier(case["scheme"], case["number"]).certain != (case["valid"] == "yes")
    ]
    assert len(cases) == 452
    assert not wrong


def test_schemes_have_one_name() -> None:
    names = ["RU_INN", "inn", "ИНН", "UA_EDRPOU", "ЄДРПОУ", "BY-UNP", "VAT", "loyalty card"]
    assert [scheme_name(name) for name in names] == [
        "inn", "inn", "inn", "edrpou", "edrpou", "unp", "vat", "loyalty_card",
    ]  # fmt: skip


def test_vat_numbers() -> None:
    assert check_identifier("vat", "DE 136,695 976").value == "DE136695976"
    assert check_identifier("vat", "136695976", "DE").value == "136695976"
    assert not check_identifier("vat", "DE136695978").certain
    assert check_identifier("vat", "12345").certain


def test_an_unknown_scheme_is_taken_as_it_is() -> None:
    cleaned = check_identifier("loyalty", "  A 1  ")
    assert (cleaned.value, cleaned.problem) == ("A 1", "")
    assert check_identifier("inn", "   ").value is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Anna@Example.ORG", "Anna@example.org"),
        (" <john@doe.invalid> ", "john@doe.invalid"),
        ("Anna P. <a@b.co>", "a@b.co"),
        ("mailto:x@y.com", "x@y.com"),
        ("x@y.com.", "x@y.com"),
        ("анна@пример.рф", "анна@пример.рф"),
        ("\u200ba@b.co", "a@b.co"),
    ],
)
def test_mail_addresses(text: str, value: str) -> None:
    assert clean_email(text).value == value


@pytest.mark.parametrize("text", ["a@b", "a b@c.de", "none", "аnna@example.org", "", "@x.de"])
def test_what_is_no_mail_address_has_no_value(text: str) -> None:
    assert clean_email(text).value is None
    assert clean_email(text).problem


def test_several_addresses_in_one_cell() -> None:
    assert split_emails("a@b.co; c@d.eu") == ["a@b.co", "c@d.eu"]
    assert split_emails("a@b.co ::: c@d.eu") == ["a@b.co", "c@d.eu"]
    assert split_emails("Anna P. <a@b.co>") == ["Anna P. <a@b.co>"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("  Anna \t Petrova\xa0", "Anna Petrova"),
        ("ИВАНОВ-ПЕТРОВ", "Иванов-Петров"),
        ("O'BRIEN", "O'Brien"),
        ("МАР'ЯНА", "Мар'яна"),
        ("LUDWIG VAN BEETHOVEN", "Ludwig van Beethoven"),
        ("JOHN DOE III", "John Doe III"),
        ("Ивaнов", "Иванов"),
        ("McDonald", "McDonald"),
        ("IBM", "IBM"),
    ],
)
def test_names(text: str, value: str) -> None:
    assert clean_name(text).value == value


def test_capitals_are_put_right_only_when_all_of_the_name_has_them() -> None:
    french = clean_person_names({"given": "Jean", "family": "DUPONT"})
    assert french["family"].value == "DUPONT"
    loud = clean_person_names({"given": "ОЛЯ", "family": "КОВАЛЬЧУК"})
    assert [part.value for part in loud.values()] == ["Оля", "Ковальчук"]


def test_texts() -> None:
    assert clean_text(" a \n b\u200b ").value == "a b"
    assert clean_block("a  \r\nb\r\n\r\n").value == "a\nb"
    assert is_placeholder(" N/A ")
    assert clean_name("123").problem


@pytest.mark.parametrize(
    "value",
    ["1987-05-14", "14.05.1987", "14/05/87", "05/14/1987", "19870514", "14 мая 1987 г.", "31911",
     "May 14, 1987", "14-May-87", "14 травня 1987 р.", "1987 5 14", "1987-05-14 00:00:00", 31911,
     "14.05.1987г.", "Thu, 14 May 1987", date(1987, 5, 14), datetime(1987, 5, 14, tzinfo=UTC)],
)  # fmt: skip
def test_one_day_in_many_forms(value: str | int | date) -> None:
    cleaned = clean_date(value, past=True)
    assert (cleaned.value, cleaned.problem) == (date(1987, 5, 14), "")


@pytest.mark.parametrize(
    "value", ["--0514", "1987", "30.02.2020", "hello", "1/2/3", 5, True, "1.5"]
)
def test_what_is_no_day_has_no_value(value: str | int) -> None:
    assert clean_date(value).value is None
    assert clean_date(value).problem


def test_the_column_tells_day_from_month() -> None:
    american = guess_dates(["1/2/2020", "1/25/2020"])
    assert (american.order, american.certain) == ("mdy", True)
    assert clean_date("3/4/2021", american).value == date(2021, 3, 4)
    assert clean_date("3/4/2021", american).certain
    doubtful = clean_date("3/4/2021", guess_dates(["1/2/2020"]))
    assert doubtful.value == date(2021, 4, 3)
    assert not doubtful.certain
    assert clean_date("3.4.2021").certain
    assert guess_dates(["25/1/20", "1/25/20"]).mixed


def test_two_digit_years() -> None:
    with clock.frozen(datetime(2026, 1, 1, tzinfo=UTC)):
        assert clean_date("1.2.27").value == date(2027, 2, 1)
        assert clean_date("1.2.27", past=True).value == date(1927, 2, 1)
        assert clean_date("1.2.60").value == date(1960, 2, 1)


def test_points_in_time() -> None:
    nine = datetime(2020, 2, 1, 9, 30, tzinfo=UTC)
    for text in [
        "2020-02-01T09:30:00Z",
        "01.02.2020 9:30",
        "20200201T113000+0200",
        "1.2.20 9:30 AM",
    ]:
        assert clean_datetime(text).value == nine
    assert clean_datetime("2020-02-01 25:00").value is None


@pytest.mark.parametrize(
    ("text", "number", "currency"),
    [
        ("1 234,56", "1234.56", ""),
        ("1,234.56", "1234.56", ""),
        ("€ 1.234,50", "1234.50", "EUR"),
        ("1 234,56 грн.", "1234.56", "UAH"),
        ("USD 12", "12", "USD"),
        ("(5.00)", "-5.00", ""),
        ("−5", "-5", ""),
        ("1'000.5", "1000.5", ""),
        ("1,234", "1234", ""),
        ("1\u202f234\xa0567 ₽", "1234567", "RUB"),
    ],
)
def test_amounts(text: str, number: str, currency: str) -> None:
    assert clean_money(text).value == Amount(Decimal(number), currency)


def test_numbers_and_answers() -> None:
    assert clean_decimal(2.5).value == Decimal("2.5")
    assert clean_integer("1 200").value == 1200
    assert clean_integer("1.5").value is None
    assert clean_decimal("twelve").value is None
    assert clean_decimal("1.234").certain
    assert not clean_decimal("€ 1.234").certain
    assert [clean_boolean(text).value for text in ("yes", "Да", "так", "0", "ні", True)] == [
        True, True, True, False, False, True,
    ]  # fmt: skip
    assert clean_boolean("maybe").value is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("US", "US"), ("usa", "US"), ("840", "US"), ("U.S.A.", "US"), ("Україна", "UA"), ("UKR", "UA"),
     ("Соединённые Штаты", "US"), ("Czech Republic", "CZ"), ("Côte d'Ivoire", "CI"), ("UK", "GB"),
     ("Bosnia & Herzegovina", "BA"), ("Hong Kong", "HK"), ("Беларусь", "BY")],
)  # fmt: skip
def test_countries(text: str, code: str) -> None:
    assert clean_country(text).value == code


@pytest.mark.parametrize(
    ("text", "meant"), [("Philipines", "PH"), ("Korea", "KR"), ("Atlantis", "")]
)
def test_an_unknown_country_is_not_guessed_but_suggested(text: str, meant: str) -> None:
    cleaned = clean_country(text)
    assert (cleaned.value, cleaned.suggestion) == (None, meant)
    assert country_name("PH") == "Philippines"


def test_every_country_of_the_accounts_but_two_is_understood(shared_data: Path) -> None:
    path = shared_data / "sales" / "crm_sales_opportunities" / "accounts.csv"
    with path.open(encoding="utf-8", newline="") as file:
        names = {row["office_location"] for row in csv.DictReader(file)}
    unknown = {name for name in names if clean_country(name).value is None}
    assert unknown == {"Philipines", "Korea"}
