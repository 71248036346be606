"""A hook is called in plugin order, and its failure does what its specification says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from kontora.errors import Invalid, PluginError
from kontora.hookspecs.catalogue import specifications
from kontora.plugins.calls import collect, declare, notify
from kontora.plugins.manager import PluginManager

HEAD = "from kontora.hookspecs import hookimpl\n"


def hook(source: str) -> dict[str, str]:
    return {"events": f"{HEAD}\n@hookimpl\n{source}"}


def broken(arguments: str, name: str = "record_changed") -> dict[str, str]:
    return hook(f"def {name}({arguments}): raise LookupError('no such thing')")


class Skipping(PluginManager):
    """A manager whose `record_changed` may be skipped, as hooks of later issues may."""

    @property
    def specifications(self):
        known = dict(specifications())
        known["record_changed"] = replace(known["record_changed"], failure="skip")
        return known


def test_a_declaration_that_raises_quarantines_the_plugin(install, load):
    install("bad", hook("def register_menu(): raise LookupError('no such thing')"))
    install("needy", requires=("bad",))
    install("awake")
    manager = load("awake", "bad", "needy")
    assert declare(manager, "register_menu") == [("awake", "awake")]
    state = manager.states["bad"]
    assert (state.state, str(state.cause)) == (
        "quarantined",
        "Its hook register_menu failed: LookupError: no such thing",
    )
    assert manager.states["needy"].state == "quarantined"
    assert manager.errors.counts()["bad", "register_menu"] == 1


def test_declarations_may_be_yielded_or_absent(install, load):
    install("lazy", hook("def register_menu():\n    yield 1\n    yield 2"))
    install("none", hook("def register_menu(): return None"))
    install("slow", hook("def register_menu():\n    yield 1\n    raise LookupError"))
    manager = load("lazy", "none", "slow")
    assert declare(manager, "register_menu") == [("lazy", 1), ("lazy", 2)]
    assert manager.states["slow"].state == "quarantined"


@pytest.mark.parametrize("answer", ["5", "'text'", "['text']"])
def test_a_declaration_of_the_wrong_class_quarantines(install, load, answer):
    install("bad", hook(f"def register_menu(): return {answer}"))
    manager = load("bad")
    assert declare(manager, "register_menu", of=int) == []
    assert "register_menu must return" in str(manager.states["bad"].cause)


def test_arguments_are_given_by_name(install, load):
    install("one", hook("def record_changed(change): change.append('one')"))
    install("two", hook("def record_changed(change, session): change.append(session)"))
    install("zero", hook("def record_changed(): pass"))
    change: list[str] = []
    notify(load("zero", "two", "one"), "record_changed", session="two", change=change)
    assert change == ["one", "two"]


def test_abort_raises_an_error_that_names_the_plugin(install, load):
    install("bad", broken("session, change"))
    manager = load("bad")
    with pytest.raises(PluginError, match=r"“bad”: the hook record_changed failed") as caught:
        notify(manager, "record_changed", session=None, change=None)
    (entry,) = manager.errors.entries()
    assert entry.error_id in str(caught.value)
    assert entry.text == "LookupError: no such thing"
    assert isinstance(caught.value.__cause__, LookupError)
    assert manager.is_active("bad")


def test_a_refusal_on_purpose_reaches_the_user_as_it_is(install, load):
    source = "def before_save(draft):\n    from kontora.errors import Invalid\n"
    install("strict", hook(source + "    raise Invalid({'strict.score': ['Too high.']})"))
    manager = load("strict")
    with pytest.raises(Invalid) as caught:
        notify(manager, "before_save", session=None, draft=None)
    assert caught.value.errors == {"strict.score": ["Too high."]}
    assert caught.value.__notes__ == ["raised in the hook before_save of plugin strict"]
    assert manager.errors.entries() == []


def test_skip_isolates_counts_and_goes_on(install):
    install("bad", broken("change"))
    install("exits", hook("def record_changed(): raise SystemExit(1)"))
    install("good", hook("def record_changed(change): change.append('good')"))
    manager = Skipping(core_version="0.1.0")
    manager.load(["bad", "exits", "good"])
    change: list[str] = []
    ended: list[str] = []

    @contextmanager
    def savepoint() -> Iterator[None]:
        try:
            yield
        except BaseException:
            ended.append("rolled back")
            raise
        ended.append("released")

    with capture_logs() as logs:
        for _round in range(2):
            notify(manager, "record_changed", savepoint=savepoint, session=None, change=change)
    assert change == ["good", "good"]
    assert ended == ["rolled back", "rolled back", "released"] * 2
    assert manager.errors.counts() == {("bad", "record_changed"): 2, ("exits", "record_changed"): 2}
    assert {each["event"] for each in logs} == {"plugin.hook_failed"}
    assert {each["plugin"] for each in logs} == {"bad", "exits"}


def test_a_skippable_hook_in_the_callers_transaction_demands_a_savepoint():
    manager = Skipping(core_version="0.1.0")
    manager.load([])
    with pytest.raises(TypeError, match="savepoint"):
        notify(manager, "record_changed", session=None, change=None)


def test_collect_gives_answers_by_plugin(install, load):
    install("bad", broken("site", "preflight"))
    install("good", hook("def preflight(site): yield site"))
    install("mute", hook("def preflight(): return None"))
    manager = load("bad", "good", "mute")
    assert collect(manager, "preflight", site="here") == [("good", ["here"])]
    assert [each.hook for each in manager.errors.entries("bad")] == ["preflight"]


def test_setup_that_fails_quarantines(install, load):
    install("bad", broken("site", "setup"))
    install(
        "needy", {"events": HEAD + "@hookimpl\ndef setup(site): site.append(1)"}, requires=("bad",)
    )
    manager = load("bad", "needy")
    told: list[int] = []
    notify(manager, "setup", site=told)
    assert told == []
    assert manager.order == ("core",)


def test_the_caller_keeps_the_specification_too(manager):
    manager.load([])
    with pytest.raises(TypeError, match="not to collect"):
        collect(manager, "register_menu")
    with pytest.raises(TypeError, match="takes"):
        notify(manager, "setup", server=1)


def test_the_error_log_is_bounded_and_counts_are_not():
    manager = PluginManager(core_version="0.1.0")
    for number in range(250):
        manager.errors.add("bad", "setup", f"line {number}\nmore", None)
    entries = manager.errors.entries("bad")
    assert len(entries) == 200
    assert entries[0].text == "line 249 more"
    assert manager.errors.counts() == {("bad", "setup"): 250}
    assert manager.errors.entries("good") == []
