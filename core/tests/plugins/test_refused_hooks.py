"""A hook that does not fit its specification is refused in words, on its plugin's account."""

from __future__ import annotations

import pytest

from kontora.plugins.calls import declare

HOOK = "from kontora.hookspecs import hookimpl\n\n@hookimpl\n"


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        (
            "def register_menus(): ...",
            "there is no hook “register_menus”. Did you mean “register_menu”?",
        ),
        ("def setup(server): ...", "asks for “server”, which the hook does not give."),
        ("def setup(site=None): ...", "in a way that the caller cannot fill"),
        ("def setup(*, site): ...", "in a way that the caller cannot fill"),
        ("async def setup(site): ...", "is asynchronous"),
        ("def setup(site): yield", "is a generator and would never run"),
    ],
)
def test_a_hook_that_does_not_fit_is_refused(install, manager, source, cause):
    install("bad", {"menu": f"{HOOK}{source}\n"})
    install("good")
    manager.load(["bad", "good"])
    assert cause in str(manager.states["bad"].cause)
    assert "kontora_bad.menu." in str(manager.states["bad"].cause)
    assert manager.order == ("core", "good")


@pytest.mark.parametrize("option", ["wrapper", "hookwrapper", "tryfirst", "trylast"])
def test_wrappers_and_places_in_the_order_are_refused(install, manager, option):
    install(
        "bad",
        {
            "menu": f"""
            from kontora.hookspecs import hookimpl

            @hookimpl({option}=True)
            def register_menu():
                result = yield
                return result
            """
        },
    )
    manager.load(["bad"])
    assert f"uses `{option}`, which is not allowed" in str(manager.states["bad"].cause)


def test_nothing_of_a_refused_plugin_stays_registered(install, manager):
    install(
        "bad",
        {
            "menu": HOOK + "def register_menu(): return []",
            "slots": HOOK + "def no_such(): return []",
        },
    )
    manager.load(["bad"])
    assert manager.implementations("register_menu") == []


def test_a_hook_counts_where_it_is_written_not_where_it_is_imported(install, manager):
    install(
        "good",
        {
            "menu": HOOK + "def register_menu(): return [1]",
            "slots": "from kontora_good.menu import register_menu",
        },
    )
    manager.load(["good"])
    assert declare(manager, "register_menu") == [("good", 1)]
