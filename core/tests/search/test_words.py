"""Stems, spellings, layouts and typing errors: the parts that need no database."""

from __future__ import annotations

import pytest

from kontora.db.fold import fold
from kontora.records import search_layout, search_stems, search_typing
from kontora.records.search_keys import keys_of

# Forms and spellings of one name or word; the first finds each of the others, and is found by it.
SAME = """
Иванов Иванова Иванову Ивановым Иванове Ivanov Ivanova
Петренко Петренка Петренку Петренком Petrenko
Юлия Юлии Юлию Юлией Yuliya Iuliia Julia Yulia Юлія Юлію
Щербаков Щербакова Щербаковым Shcherbakov Scherbakov Sherbakov
Ольга Ольге Ольгой Ользі Ольгою Olga Olha
Андрей Андрея Андрею Андреем Андрій Андрія Andrey Andrei Andrii
Соколовская Соколовской Соколовскую Sokolovskaya
Соколовский Соколовского Sokolovskiy Sokolovskii Sokolovsky
Київ Києва Києву Києві Kyiv
Киев Киева Киеву Kiev
Житомир Житомира Житомирі Zhytomyr Zhitomir
Харків Харкова Харкову Kharkiv
Хрущёв Хрущева Хрущеву Khrushchev Khruschev Hruschov
Пётр Петра Петру Петром Petr Pyotr
Александр Александра Александру Aleksandr Alexander
Юрий Юрия Юрию Юрій Юрію Yuri Yury Yurii Iurii
Евгений Евгения Evgeny Evgeniy Yevgeny
Євген Євгена Євгену Yevhen Evhen
Цветков Цветкова Tsvetkov Cvetkov Tcvetkov
Гоголь Гоголя Гоголем Gogol Hohol
Соловьёв Соловьева Solovyov Solovyev
Жуков Жукова Жуковым Zhukov
Хмельницький Хмельницького Khmelnytskyi Hmelnytsky
Яна Яны Яну Yana Iana
Наталья Натальи Наталью Наталия Nataliya Natalia Natalya
договор договора договору договором договоры
договір договору договором договори
поставка поставки поставку поставкой
контракт контракта контракты contract contracts kontrakt
місто міста місту містом
""".strip().splitlines()
# Words that a reader would not take for one another.
OTHER = """
Иванов Петров
Петров Пётр
Анна Яна
Иван Иванов
Smith Smidov
Ольга Олег
договор дозор
Київ Кіра
""".strip().splitlines()


def marks(word: str) -> set[str]:
    found = keys_of(fold(word))
    return set(found.keys) if found else set()


@pytest.mark.parametrize("line", SAME)
def test_forms_and_spellings_share_a_key(line: str) -> None:
    first, *others = line.split()
    apart = [each for each in others if not marks(first) & marks(each)]
    assert not apart


@pytest.mark.parametrize("line", OTHER)
def test_different_words_share_none(line: str) -> None:
    a, b = line.split()
    assert not marks(a) & marks(b)


@pytest.mark.parametrize("word", ["42", "u5@mail", "a", "ivan3", "李", "иvan", "x" * 60])
def test_what_is_no_word_of_a_script_has_no_keys(word: str) -> None:
    assert keys_of(fold(word)) is None


@pytest.mark.parametrize(
    ("word", "stem"),
    [("контрактами", "контракт"), ("ткаченкові", "ткаченк"), ("синього", "син"), ("олені", "олен")],
)
def test_the_ukrainian_stem(word: str, stem: str) -> None:
    assert stem in search_stems.ukrainian(word)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ghbdtn", "привет"),
        ("Bdfyjd", "Иванов"),
        ("руддщ", "hello"),
        ("Rbsd", "Київ"),
        ("'dutybq", "євгений"),
        ("{fhrsd", "Харків"),
        ("Ыьшер", "Smith"),
        (".kbz", "юлия"),
    ],
)
def test_the_other_layout(typed: str, meant: str) -> None:
    assert fold(meant) in [fold(each) for each in search_layout.other_layouts(typed)]


@pytest.mark.parametrize("text", ["Иван Smith", "123", "", "!?"])
def test_two_scripts_or_none_are_no_mistake_of_layout(text: str) -> None:
    assert search_layout.other_layouts(text) == []


def test_only_what_is_no_word_looks_mistyped() -> None:
    assert search_layout.looks_mistyped("ghbdtn", "привет")
    assert search_layout.looks_mistyped("руддщ", "hello")
    assert not search_layout.looks_mistyped("hello", "руддщ")
    assert not search_layout.looks_mistyped("Kowalski", "Лщцфдылш")


@pytest.mark.parametrize("wrong", ["иваов", "ивванов", "ивенов", "ивнаов"])
def test_near_words_are_one_error_away(wrong: str) -> None:
    assert "иванов" in search_typing.near(wrong)


@pytest.mark.parametrize("word", ["ива", "иван5", "12345", "u@x.org"])
def test_short_words_and_numbers_are_never_mended(word: str) -> None:
    assert search_typing.near(word) == []


def test_two_errors_are_too_many() -> None:
    assert "иванов" not in search_typing.near("инавоа")
