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
from schemathesis.core.parameters import ParameterLocation
from werkzeug.serving import make_server

from kontora.lifecycle.site import Site
from kontora.rest import openapi
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import with_token
from kontora_sdk.testing.people import make_user

REFUSALS = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "428"]
CONFIGURATION: dict[str, Any] = {
    "checks": {
        # A schema cannot say which ids exist, which check digits fit, or which version a record
        # has; nor do all roles have all rights.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "304", "400", "403", "404", "409", "412", "422", "428"]
        },
        # The version is looked at before the values; 412 is a refusal too.
        "negative_data_rejection": {"expected-statuses": REFUSALS},
        # RFC 6585 made 428 for a request that lacks If-Match.
        "missing_required_header": {"expected-statuses": ["401", "403", "404", "422", "428"]},
    },
    # A bulk answers 200 and gives each row a status of its own; `test_bulk` looks at those.
    "operations": [
        {
            "include-path-regex": "/bulk$",
            "checks": {"negative_data_rejection": {"expected-statuses": ["200", *REFUSALS]}},
        }
    ],
}
# On PostgreSQL fewer operations: what differs there is below the API.
SAMPLES = {
    "sqlite": r"^/api/v1/(contacts|teams|fields|reports|me)",
    "postgresql": r"^/api/v1/(contacts|fields|me)",
}
# So long a nightly run of one role on one engine tries cases, the most telling first.
SECONDS = 240
CASES = settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("engine", SAMPLES)
def test_a_sample_of_cases(new_site: Callable[[str], Site], engine: str) -> None:
    site = new_site(engine)
    app = create_app(site)
    token = with_token(app, site, make_user(site, "administrator")).token
    config = schemathesis.Config.from_dict(CONFIGURATION)
    described = schemathesis.openapi.from_wsgi("/api/openapi.json", app, config=config)
    headers = {"Authorization": f"Bearer {token}"}
    for found in described.include(path_regex=SAMPLES[engine]).get_all_operations():
        for mode in GenerationMode:
            _try_cases(found.ok(), mode, headers)


def _try_cases(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> None:
    @CASES
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: schemathesis.Case) -> None:
        # A case whose wrong part is the lack of a token must not be given ours.
        parts = case.meta.components if case.meta else {}
        part = parts.get(ParameterLocation.HEADER)
        lacks = part is not None and part.mode is GenerationMode.NEGATIVE
        case.call_and_validate(headers={} if lacks else headers)

    try:
        attempt()
    except Unsatisfiable:  # an operation without input has no wrong input
        assert mode is GenerationMode.NEGATIVE


@pytest.mark.nightly
@pytest.mark.security
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("role", ["administrator", "manager"])
def test_all_phases_on_all_operations(
    new_site: Callable[[str], Site], engine: str, role: str, tmp_path: Path
) -> None:
    site = new_site(engine)
    app = create_app(site)
    token = with_token(app, site, make_user(site, role)).token
    (tmp_path / "openapi.json").write_text(json.dumps(openapi.document(site.registry)))
    (tmp_path / "schemathesis.toml").write_text(_toml())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    program = str(Path(sys.executable).with_name("schemathesis"))
    result = subprocess.run(
        [
            *(program, "run", "openapi.json", "--url", f"http://127.0.0.1:{server.server_port}"),
            *("--header", f"Authorization: Bearer {token}", "--max-examples", "100"),
            *("--seed", "20261121", "--continue-on-failure", "--no-color"),
            *("--max-time", str(SECONDS)),
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
    parts = _checks("checks", CONFIGURATION["checks"])
    for operation in CONFIGURATION["operations"]:
        parts.append(
            f"[[operations]]\ninclude-path-regex = {json.dumps(operation['include-path-regex'])}\n"
        )
        parts += _checks("operations.checks", operation["checks"])
    return "\n".join(parts)


def _checks(table: str, checks: dict[str, Any]) -> list[str]:
    return [
        f"[{table}.{name}]\nexpected-statuses = {json.dumps(each['expected-statuses'])}\n"
        for name, each in checks.items()
    ]
