"""T-40: nothing ships with a secret that somebody else knows."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kontora.errors import SettingsError
from kontora.settings import SECRET_FILE, Settings


def test_a_fresh_home_makes_its_own_secret(tmp_path: Path) -> None:
    first = Settings.from_env({"KONTORA_HOME": str(tmp_path / "a")})
    second = Settings.from_env({"KONTORA_HOME": str(tmp_path / "b")})
    again = Settings.from_env({"KONTORA_HOME": str(tmp_path / "a")})
    assert first.secret_key == again.secret_key != second.secret_key
    assert len(first.secret_key) >= 32
    kept = tmp_path / "a" / SECRET_FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert first.secret_key not in repr(first)


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / SECRET_FILE).write_text("secret")
    with pytest.raises(SettingsError, match="too short"):
        Settings.from_env({"KONTORA_HOME": str(tmp_path)})


@pytest.mark.parametrize("given", ["secret", "changeme", "x" * 31])
def test_a_short_secret_of_the_environment_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(SettingsError):
        Settings.from_env({"KONTORA_HOME": str(tmp_path), "KONTORA_SECRET_KEY": given})
