"""What is loaded, in which order, and what a plugin that fails costs: itself, nobody else."""

from __future__ import annotations

import sys

import pytest

from kontora.errors import PluginError
from kontora.plugins.calls import declare
from kontora.plugins.manager import PluginManager

HOOK = "from kontora.hookspecs import hookimpl\n\n@hookimpl\n"
MANIFEST = "from kontora.plugins.manifest import Manifest\nplugin = Manifest({})"


def causes(manager: PluginManager) -> dict[str, str]:
    return {name: str(each.cause) for name, each in manager.states.items() if each.cause}


def test_a_good_plugin_is_enabled_and_asked(install, manager):
    install("good", version="1.4.2")
    result = manager.load(["good"])
    state = result.states["good"]
    assert (state.state, state.version, state.distribution) == ("enabled", "1.4.2", "kontora-good")
    assert state.manifest.package == "kontora_good"
    assert result.order == ("core", "good")
    assert declare(manager, "register_menu") == [("good", "good")]


def test_nothing_outside_the_desired_set_is_imported(install, manager):
    install("good")
    install("other", init="raise RuntimeError('imported')")
    manager.load(["good"])
    assert manager.states["other"].state == "available"
    assert "kontora_good" in sys.modules
    assert "kontora_other" not in sys.modules


def test_the_same_plugin_serves_two_managers(install):
    install("good")
    for _round in range(2):
        manager = PluginManager(core_version="0.1.0")
        manager.load(["good"])
        assert declare(manager, "register_menu") == [("good", "good")]


def test_order_is_dependencies_first_then_name(install, manager):
    install("alpha", requires=("zulu",))
    install("bravo")
    install("zulu")
    manager.load(["zulu", "bravo", "alpha"])
    assert manager.order == ("core", "bravo", "zulu", "alpha")
    assert [owner for owner, _ in declare(manager, "register_menu")] == ["bravo", "zulu", "alpha"]


def test_core_comes_first_and_its_failure_is_raised(install):
    install("alpha")
    manager = PluginManager([_core("def register_menu(): return ['core']")], core_version="0.1.0")
    manager.load(["alpha"])
    assert declare(manager, "register_menu") == [("core", "core"), ("alpha", "alpha")]
    broken = PluginManager([_core("def register_menu(): 1/0")], core_version="0.1.0")
    broken.load([])
    with pytest.raises(PluginError, match=r"core.*register_menu.*division"):
        declare(broken, "register_menu")


def _core(source: str):
    module = type(sys)("core_for_test")
    exec(f"{HOOK}{source}", module.__dict__)
    return module


def test_two_distributions_with_one_name_both_stay_out(install, manager):
    install("twin", distribution="kontora-twin", package="kontora_twin")
    install("twin", distribution="acme-twin", package="acme_twin")
    manager.load(["twin"])
    assert manager.states["twin"].state == "quarantined"
    assert "acme-twin, kontora-twin" in causes(manager)["twin"]
    assert "kontora_twin" not in sys.modules


def test_a_plugin_needs_what_it_requires(install, manager):
    install("leads", requires=("sales",))
    install("calls", requires=("leads",))
    install("sales")
    install("lonely", requires=("nowhere",))
    install("good")
    manager.load(["leads", "calls", "lonely", "good"])
    assert manager.order == ("core", "good")
    assert causes(manager) == {
        "leads": "It needs “sales”, which is not enabled. Enable that first.",
        "calls": "It needs “leads”, which is quarantined.",
        "lonely": "It needs “nowhere”, which is not enabled. Enable that first.",
    }


def test_a_package_that_is_gone_leaves_an_orphan(install, manager):
    install("leads", requires=("sales",))
    manager.load(["leads", "sales"])
    assert manager.states["sales"].state == "orphaned"
    assert causes(manager)["leads"] == "It needs “sales”. Its package is not installed."


def test_a_circle_is_spelled_out(install, manager):
    install("anna", requires=("boris",))
    install("boris", requires=("clara",))
    install("clara", requires=("anna",))
    install("good")
    manager.load(["anna", "boris", "clara", "good"])
    assert manager.order == ("core", "good")
    assert "anna → boris → clara → anna" in causes(manager)["anna"]


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("def register_menu(:", "SyntaxError: invalid syntax"),
        ("raise RuntimeError('first\\nsecond')", "RuntimeError: first"),
    ],
)
@pytest.mark.parametrize("place", ["manifest", "module"])
def test_an_import_that_fails_costs_that_plugin_only(install, manager, place, source, cause):
    if place == "manifest":
        install("bad", init=source)
    else:
        install("bad", {"menu": source})
    install("good")
    install("needy", requires=("bad",))
    manager.load(["bad", "good", "needy"])
    state = manager.states["bad"]
    assert state.state == "quarantined"
    assert str(state.cause).startswith(f"It cannot be imported: {cause}")
    assert manager.states["needy"].state == "quarantined"
    assert manager.order == ("core", "good")
    (entry,) = manager.errors.entries("bad")
    assert entry.error_id == state.error_id
    assert cause.partition(":")[0] in entry.traceback


def test_the_keyboard_still_stops_kontora(install, manager):
    install("bad", init="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        manager.load(["bad"])


def test_a_folder_of_templates_is_no_module(install, manager):
    home = install("good")
    (home / "reports").mkdir()
    manager.load(["good"])
    assert manager.states["good"].state == "enabled"


@pytest.mark.parametrize(
    ("entry_points", "metadata"),
    [
        (b"[kontora.plugins]\nbad = kontora_bad:plugin\n", None),
        (b"[kontora.plugins]\nbad = kontora_bad:plugin\n", b"Name: kontora-bad\n"),
        (b"[kontora.plugins]\nbad\n", b"Name: kontora-bad\nVersion: 1\n"),
        (b"\xff\xfe\x00", b"Name: kontora-bad\nVersion: 1\n"),
    ],
)
def test_metadata_that_cannot_be_read_is_passed_over(install, manager, entry_points, metadata):
    install("good")
    info = install.folder / "kontora_bad-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_bytes(entry_points)
    if metadata is not None:
        (info / "METADATA").write_bytes(metadata)
    manager.load(["good", "bad"])
    assert manager.order == ("core", "good")
    assert manager.states["bad"].state == "orphaned"
    (unreadable,) = manager.unreadable
    assert str(install.folder) in unreadable


def test_an_older_copy_further_down_the_path_is_no_duplicate(install, manager, tmp_path_factory):
    install("good", version="2.0")
    below = type(install)(tmp_path_factory.mktemp("below"))
    below("good", version="1.0")
    sys.path.append(str(below.folder))
    try:
        manager.load(["good"])
    finally:
        sys.path.remove(str(below.folder))
    assert (manager.states["good"].state, manager.states["good"].version) == ("enabled", "2.0")


@pytest.mark.parametrize(
    ("requires_dist", "cause"),
    [
        (("kontora>=1.4,<2",), "It needs kontora <2,>=1.4, but 0.1.0 is installed."),
        (("Kontora~=0.2",), "It needs Kontora ~=0.2, but 0.1.0 is installed."),
    ],
)
def test_a_plugin_for_another_core_is_named(install, manager, requires_dist, cause):
    install("old", requires_dist=requires_dist)
    manager.load(["old"])
    assert causes(manager)["old"].startswith(cause)
    assert "kontora_old.menu" not in sys.modules


def test_only_core_and_required_plugins_are_compared(install, manager):
    install("sales", version="1.0")
    install(
        "leads",
        requires=("sales",),
        requires_dist=("kontora>=0.1", "kontora-sales>=2", "quarrel==99; extra == 'x'"),
    )
    install("good", requires_dist=("kontora>=0.1", "pluggy==0.0.1", "nonsense ~~"))
    manager.load(["sales", "leads", "good"])
    assert causes(manager)["leads"].startswith("It needs kontora-sales >=2, but 1.0 is installed.")
    assert manager.order == ("core", "good", "sales")


def test_another_major_of_the_interface_is_refused(install, manager):
    install(
        "next",
        init=MANIFEST.format("name='next', label='N', api=2"),
    )
    manager.load(["next"])
    assert "version 2 of the plugin interface" in causes(manager)["next"]


def test_an_entry_point_that_is_no_manifest(install, manager):
    install("bad", init="plugin = 5")
    install(
        "good",
        init=MANIFEST.format("name='hood', label='N'"),
    )
    manager.load(["bad", "good"])
    assert causes(manager)["bad"].startswith(
        "the entry point kontora_bad:plugin is a int, no Manifest"
    )
    assert causes(manager)["good"].startswith("the manifest calls itself “hood”")


def test_safe_mode_imports_nothing(install, manager):
    install("bad", init="raise RuntimeError")
    result = manager.load(["bad", "gone"], safe_mode=True)
    assert result.order == ("core",)
    assert result.safe_mode
    assert result.states["bad"].state == "disabled"
    assert result.states["gone"].state == "orphaned"
    assert result.quarantined == ()


def test_remembered_states_are_kept(install, manager):
    install("off")
    result = manager.load([], remembered={"off": "disabled", "gone": "removed"})
    assert {
        name: each.state for name, each in result.states.items() if name in ("off", "gone")
    } == {
        "off": "disabled",
        "gone": "orphaned",
    }


def test_policy_abort_raises_and_names_the_plugin(install):
    install("bad", {"menu": "import nothing_of_that_name"})
    manager = PluginManager(policy="abort", core_version="0.1.0")
    with pytest.raises(PluginError, match="nothing_of_that_name") as caught:
        manager.load(["bad"])
    assert caught.value.plugin == "bad"
    with pytest.raises(PluginError, match="not installed"):
        PluginManager(policy="abort", core_version="0.1.0").load(["gone"])


def test_a_critical_plugin_stops_the_start(install, manager):
    install(
        "door",
        {"menu": "1/0"},
        init=MANIFEST.format("name='door', label='D', critical=True"),
    )
    with pytest.raises(PluginError, match="division by zero"):
        manager.load(["door"])


def test_quarantine_takes_dependents_along(install, manager):
    install("sales")
    install("leads", requires=("sales",))
    install("calls", requires=("leads",))
    install("good")
    manager.load(["sales", "leads", "calls", "good"])
    assert manager.quarantine("sales", "Its menu leads nowhere.") == ("sales", "leads", "calls")
    assert manager.quarantine("sales", "again") == ()
    assert manager.order == ("core", "good")
    assert causes(manager)["sales"] == "Its menu leads nowhere."
    assert declare(manager, "register_menu") == [("good", "good")]


def test_a_manager_loads_once(manager):
    manager.load([])
    with pytest.raises(RuntimeError, match="already"):
        manager.load([])


def test_the_manifest_of_a_stranger(manager):
    with pytest.raises(PluginError, match="nobody"):
        manager.manifest("nobody")
