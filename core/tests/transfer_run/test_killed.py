"""T-16: an import that is killed again and again ends as one that was left alone."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kontora.lifecycle.site import Site

# Seconds for one import, undisturbed: a busy machine is no fault of the import.
PATIENCE = 3600
HEADS = ["external.old", "given", "family", "email", "phone", "organisation", "reports_to"]


def people(file: Path, count: int) -> Path:
    """Rows with some of everything: keys, faults, equal addresses, superiors further down."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(HEADS)
        for number in range(1, count + 1):
            key = "" if number % 5 == 0 else f"k{number}"
            mail = "broken" if number % 50 == 0 else f"p{number - number % 7 // 6}@example.org"
            phone = f"+38050{number:07}" if number % 2 else ""
            # Places in organisations cost a second pass; a few are enough.
            head = f"k{count - 1 - count % 5}" if number % 25 == 1 else ""
            firm = f"Firm {number % 10}" if number % 25 == 1 else ""
            given = "" if number % 100 == 0 else f"Name{number}"
            if not given:
                key = mail = phone = head = firm = ""
            writer.writerow([key, given, given and "Family", mail, phone, firm, head])
    return file


class Process:
    """The command line on a site of its own."""

    def __init__(self, site: Site) -> None:
        self.environment = {
            **os.environ,
            "KONTORA_HOME": str(site.settings.home),
            "KONTORA_DATABASE_URL": site.settings.database_url,
        }

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "kontora", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, *arguments: str) -> dict[str, Any]:
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        found: dict[str, Any] = json.loads(out)
        return found


def state_of(site: Site) -> dict[str, Any]:
    """All that an import leaves behind, without ids and times."""
    with site.database.read_engine.connect() as connection:

        def rows(sql: str) -> list[tuple[Any, ...]]:
            return sorted(tuple(row) for row in connection.exec_driver_sql(sql))

        return {
            "parties": rows("SELECT kind, display_name, version FROM party"),
            "points": rows(
                "SELECT p.display_name, c.kind, c.value FROM contact_point c"
                " JOIN party p ON p.id = c.party_id"
            ),
            "keys": rows(
                "SELECT e.system, e.key, p.display_name FROM external_key e"
                " JOIN party p ON p.id = e.record_id"
            ),
            "places": rows(
                "SELECT p.display_name, o.display_name, b.display_name FROM affiliation a"
                " JOIN party p ON p.id = a.person_id"
                " JOIN party o ON o.id = a.organisation_id"
                " JOIN party b ON b.id = a.reports_to_id"
            ),
            "changes": rows("SELECT entity, verb, version FROM change WHERE entity = 'party'"),
            "reviews": rows(
                "SELECT a.display_name, b.display_name, r.reason FROM review_item r"
                " JOIN party a ON a.id = r.a_id JOIN party b ON b.id = r.b_id"
            ),
            "report": rows(
                'SELECT "row", "column", value, new_value, severity, reason FROM import_issue'
            ),
            "words": rows(
                "SELECT w.word, s.field, s.weight, p.display_name FROM search_posting s"
                " JOIN search_word w ON w.id = s.word_id JOIN party p ON p.id = s.record_id"
            ),
        }


def killed_often(
    process: Process, arguments: list[str], kills: int, least: int, seconds: float
) -> dict[str, Any]:
    """Kill the import at random moments, then let it come to its end. A file may be done before
    it was killed as often as wanted; `least` times it must have been. Undisturbed it takes
    `seconds`."""
    longest = min(3.5, max(0.3, 2 * seconds / kills))
    dice, done = random.Random(7), 0
    while done < kills:
        running = process.begin(*arguments)
        # From the first moments of the process on, so that every part of the work is hit.
        time.sleep(0.5 + dice.random() * longest)
        if running.poll() is None:
            running.send_signal(signal.SIGKILL)
            done += 1
        running.communicate()
        if running.returncode == 0:
            break
    print(f"killed {done} times")
    assert done >= least, f"killed {done} times only: the file is too short"
    return process.finish(*arguments)


def compare(
    new_site: Callable[[str], Site],
    engine: str,
    file: Path,
    kills: int,
    *more: str,
    least: int = 1,
) -> None:
    """Import the file undisturbed into one site and killed into another; both end alike."""
    arguments = ["import", "contacts", str(file), *more, "--resume", "last", "--json"]
    quiet, disturbed = new_site(engine), new_site(engine)
    began = time.monotonic()
    expected = Process(quiet).finish(*arguments)
    seconds = time.monotonic() - began
    found = killed_often(Process(disturbed), arguments, kills, least, seconds)
    figures = ("rows", "created", "updated", "skipped", "refused", "noted", "issues")
    assert {name: found[name] for name in figures} == {name: expected[name] for name in figures}
    assert state_of(disturbed) == state_of(quiet)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_killed_five_times_nothing_is_lost_or_doubled(
    new_site: Callable[[str], Site], engine: str, tmp_path: Path
) -> None:
    count = int(os.environ.get("KONTORA_TEST_IMPORT_ROWS", "500"))
    file = people(tmp_path / "people.csv", count)
    compare(new_site, engine, file, 5)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("on_duplicate", ["create", "update"])
def test_killed_fifty_times(
    new_site: Callable[[str], Site], engine: str, on_duplicate: str, tmp_path: Path
) -> None:
    """The plan says 100,000 rows, for which the writer of single records takes too long a part of
    the night; KONTORA_TEST_NIGHTLY_ROWS gives another number."""
    count = int(os.environ.get("KONTORA_TEST_NIGHTLY_ROWS", "5000"))
    file = people(tmp_path / "people.csv", count)
    compare(new_site, engine, file, 50, "--on-duplicate", on_duplicate, least=40)
