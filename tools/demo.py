"""What `make run` does: a demo company in the home folder, made once, then served.

The password of the demo administrator is random, printed at each start and kept in the file
`demo-password` (mode 0600) of the home folder. A home that something else has made is served as
it is: nothing is added to it.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

EMAIL = "demo@example.org"
KONTORA = str(Path(sys.executable).with_name("kontora"))


def suite_plugins() -> list[str]:
    """The plugins of the suite without its extras: those that need nothing heavy."""
    wanted = [Requirement(line) for line in distribution("kontora-suite").requires or ()]
    return [
        entry.name
        for requirement in wanted
        if requirement.marker is None or requirement.marker.evaluate()
        for entry in distribution(requirement.name).entry_points
        if entry.group == "kontora.plugins"
    ]


def kontora(*arguments: str) -> str:
    """Run one command of the CLI and return its output; a failure ends this program."""
    answer = subprocess.run([KONTORA, *arguments], stdout=subprocess.PIPE, text=True)
    if answer.returncode:
        sys.exit(f"`kontora {arguments[0]}` failed; what it said stands above.")
    return answer.stdout


def make_demo(home: Path, kept: Path) -> None:
    """Fill an empty home. Killed half-way, the next start goes on with the same password."""
    begun = kept.with_suffix(".new")
    if not begun.exists():
        handle = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(12) + "\n")
    password = begun.read_text().strip()
    print(f"Making a demo company in {home} ...", flush=True)
    kontora("init", "--sample", "--admin-email", EMAIL, "--admin-password", password)
    known = json.loads(kontora("plugin", "list", "--json"))["plugins"]
    available = {plugin["name"] for plugin in known if plugin["state"] == "available"}
    for name in suite_plugins():
        if name in available:
            kontora("plugin", "enable", name)
    begun.rename(kept)


def main() -> None:
    """Prepare the home folder, say how to sign in, and become the server."""
    home = Path(os.environ.get("KONTORA_HOME") or "var").resolve()
    port = os.environ.get("PORT") or "8000"
    # A demo never touches a database that the environment happens to name for something else.
    os.environ.pop("KONTORA_DATABASE_URL", None)
    os.environ["KONTORA_HOME"] = str(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = home / "demo-password"
    foreign = any(home.glob("*.sqlite*")) and not kept.with_suffix(".new").exists()
    if not kept.exists() and not foreign:
        make_demo(home, kept)
    print(f"\n  Kontora     http://127.0.0.1:{port}/")
    if kept.exists():
        print(f"  Sign in as  {EMAIL}\n  Password    {kept.read_text().strip()}")
    print(f"  Data        {home}\n  Stop with Ctrl-C.\n", flush=True)
    os.execv(KONTORA, [KONTORA, "serve", "--host", "127.0.0.1", "--port", port])


if __name__ == "__main__":
    main()
