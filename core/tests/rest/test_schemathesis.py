"""T-01: cases made from the description find no server error and no answer beside it.

All checks are on. What their defaults leave out is named in `CONFIGURATION`, with the reason.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from werkzeug.serving import make_server

from kontora.lifecycle.site import Site
from kontora.rest import openapi
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import with_token
from kontora_sdk.testing.people import make_user

CONFIGURATION: dict[str, Any] = {
    "checks": {
        # A schema cannot say which ids exist, which check digits fit, or which version a record
        # has; nor do all roles have all rights.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "304", "400", "403", "404", "409", "412", "422", "428"]
        },
        # The version is looked at before the values; 412 is a refusal too.
        "negative_data_rejection": {
            "expected-statuses": [
                *("400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "428")
            ]
        },
        # RFC 6585 made 428 for a request that lacks If-Match.
        "missing_required_header": {"expected-statuses": ["401", "403", "404", "422", "428"]},
    }
}
SAMPLE = r"^/api/v1/(contacts|teams|reports|me)"
CASES = settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def site(new_site: Callable[[str], Site]) -> Site:
    return new_site("sqlite")


def test_a_sample_of_cases(site: Site) -> None:
    app = create_app(site)
    token = with_token(app, site, make_user(site, "administrator")).token
    config = schemathesis.Config.from_dict(CONFIGURATION)
    described = schemathesis.openapi.from_wsgi("/api/openapi.json", app, config=config)
    headers = {"Authorization": f"Bearer {token}"}
    for found in described.include(path_regex=SAMPLE).get_all_operations():
        for mode in GenerationMode:
            _try_cases(found.ok(), mode, headers)


def _try_cases(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> None:
    @CASES
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers)

    try:
        attempt()
    except Unsatisfiable:  # an operation without input has no wrong input
        assert mode is GenerationMode.NEGATIVE


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("role", ["administrator", "manager"])
def test_all_phases_on_all_operations(
    new_site: Callable[[str], Site], engine: str, role: str, tmp_path: Path
) -> None:
    site = new_site(engine)
    app = create_app(site)
    token = with_token(app, site, make_user(site, role)).token
    (tmp_path / "openapi.json").write_text(json.dumps(openapi.document(site)))
    (tmp_path / "schemathesis.toml").write_text(_toml())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    program = str(Path(sys.executable).with_name("schemathesis"))
    result = subprocess.run(
        [
            *(program, "run", "openapi.json", "--url", f"http://127.0.0.1:{server.server_port}"),
            *("--header", f"Authorization: Bearer {token}", "--max-examples", "100"),
            *("--seed", "20261121", "--continue-on-failure", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    server.shutdown()
    server.server_close()
    assert result.returncode == 0, result.stdout[-20_000:]


def _toml() -> str:
    parts = [
        f"[checks.{name}]\nexpected-statuses = {json.dumps(each['expected-statuses'])}\n"
        for name, each in CONFIGURATION["checks"].items()
    ]
    return "\n".join(parts)
