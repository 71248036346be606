"""All the cleaning of values, in one place to import from."""

from __future__ import annotations

from kontora.records.transfer.cleaned import Cleaned
from kontora.records.transfer.countries import clean_country, country_name
from kontora.records.transfer.dates import DateGuess, clean_date, clean_datetime, guess_dates
from kontora.records.transfer.emails import clean_email, split_emails
from kontora.records.transfer.identifiers import check_identifier, scheme_name
from kontora.records.transfer.names import (
    clean_block,
    clean_name,
    clean_person_names,
    clean_text,
    is_placeholder,
)
from kontora.records.transfer.numbers import (
    Amount,
    clean_boolean,
    clean_decimal,
    clean_integer,
    clean_money,
)
from kontora.records.transfer.phones import clean_phone, split_phones

__all__ = [
    "Amount",
    "Cleaned",
    "DateGuess",
    "check_identifier",
    "clean_block",
    "clean_boolean",
    "clean_country",
    "clean_date",
    "clean_datetime",
    "clean_decimal",
    "clean_email",
    "clean_integer",
    "clean_money",
    "clean_name",
    "clean_person_names",
    "clean_phone",
    "clean_text",
    "country_name",
    "guess_dates",
    "is_placeholder",
    "scheme_name",
    "split_emails",
    "split_phones",
]
