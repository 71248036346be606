"""A client that a stock generator makes from the description does its work."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from kontora.lifecycle.site import Site
from kontora.rest import openapi
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import ProgramClient, with_token
from kontora_sdk.testing.people import make_user

PACKAGE = "kontora_generated_client"


@pytest.fixture
def site(new_site: Callable[[str], Site]) -> Site:
    """One engine is enough: the client does not know of it."""
    return new_site("sqlite")


@pytest.fixture
def program(site: Site) -> ProgramClient:
    app: Flask = create_app(site)
    return with_token(app, site, make_user(site, "administrator"))


@pytest.fixture
def url(program: ProgramClient) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, program.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def generated(site: Site, tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    """Imports modules of the generated package."""
    generator = Path(sys.executable).with_name("openapi-python-client")
    if not generator.exists() and shutil.which("openapi-python-client") is None:
        pytest.skip("openapi-python-client is not installed")
    description, settings = tmp_path / "openapi.json", tmp_path / "settings.yaml"
    description.write_text(json.dumps(openapi.document(site.registry)))
    # No hooks: the formatting of the generated code is not what we test.
    pictures = "content_type_overrides: {image/webp: application/octet-stream}"
    settings.write_text(f"package_name_override: {PACKAGE}\npost_hooks: []\n{pictures}\n")
    result = subprocess.run(
        [
            *(str(generator), "generate", "--path", str(description), "--meta", "none"),
            *("--config", str(settings), "--output-path", str(tmp_path / PACKAGE)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Warning" not in result.stdout + result.stderr, result.stdout + result.stderr
    sys.path.insert(0, str(tmp_path))
    yield lambda name: importlib.import_module(f"{PACKAGE}{name}")
    sys.path.remove(str(tmp_path))
    for name in [each for each in sys.modules if each.startswith(PACKAGE)]:
        del sys.modules[name]


def test_a_generated_client_creates_reads_changes_and_deletes(
    generated: Callable[[str], Any], program: ProgramClient, url: str
) -> None:
    models, api = generated(".models"), ".api.contacts.contacts_"
    with generated("").AuthenticatedClient(base_url=url, token=program.token) as client:
        new = models.ContactsCreate.from_dict({"given": "Anna", "family": "Petrova"})
        made = generated(f"{api}create").sync_detailed(client=client, body=new)
        assert made.status_code == 201, made.content
        assert made.parsed.display_name == "Anna Petrova"
        read = generated(f"{api}read").sync(made.parsed.id, client=client)
        assert read.to_dict() == made.parsed.to_dict()
        listed = generated(f"{api}list").sync(client=client, family=["Petrova"], limit=10)
        assert [each.id for each in listed.items] == [read.id]
        changed = generated(f"{api}change").sync_detailed(
            read.id,
            client=client,
            body=models.ContactsChange.from_dict({"given": "Hanna"}),
            if_match=made.headers["ETag"],
        )
        assert changed.parsed.given == "Hanna"
        gone = generated(f"{api}delete").sync_detailed(
            read.id, client=client, if_match=changed.headers["ETag"]
        )
        assert gone.status_code == 204
        assert generated(f"{api}read").sync_detailed(read.id, client=client).status_code == 404
