"""Words for days mean the same days to every reader of that day."""

from __future__ import annotations

from datetime import date

import pytest

from kontora.records.day_words import FIXED, span

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("word", "first", "after"),
    [
        ("today", "2026-11-22", "2026-11-23"),
        ("yesterday", "2026-11-21", "2026-11-22"),
        ("this_week", "2026-11-16", "2026-11-23"),
        ("next_week", "2026-11-23", "2026-11-30"),
        ("last_month", "2026-10-01", "2026-11-01"),
        ("next_month", "2026-12-01", "2027-01-01"),
        ("this_quarter", "2026-10-01", "2027-01-01"),
        ("next_quarter", "2027-01-01", "2027-04-01"),
        ("last_year", "2025-01-01", "2026-01-01"),
        ("last_30_days", "2026-10-23", "2026-11-23"),
        ("next_7_days", "2026-11-22", "2026-11-30"),
        ("90_days_ago", "2026-08-24", "2026-08-25"),
        ("in_3_days", "2026-11-25", "2026-11-26"),
    ],
)
def test_a_word_is_a_span_of_days(word: str, first: str, after: str) -> None:
    assert span(word, SUNDAY) == (date.fromisoformat(first), date.fromisoformat(after))


@pytest.mark.parametrize("text", ["", "now", "last_days", "last_-1_days", "last_99999_days", "x"])
def test_anything_else_is_no_word(text: str) -> None:
    assert span(text, SUNDAY) is None


@pytest.mark.parametrize("today", [date.min, date.max])
@pytest.mark.parametrize("word", [*FIXED, "last_36500_days", "next_36500_days"])
def test_the_ends_of_the_calendar_break_nothing(word: str, today: date) -> None:
    found = span(word, today)
    assert found is None or found[0] <= found[1]
