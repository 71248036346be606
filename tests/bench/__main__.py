"""`make bench`: what people and programs do most, over HTTP, beside a bare floor.

On SQLite (one process, as `kontora serve` runs there), and on PostgreSQL with two processes when
KONTORA_TEST_DATABASE_URL is set. `--size N` is the number of parties; their database is made once
and kept in a folder of the user's cache (on PostgreSQL under a name of its own), and each run
works on a copy of the small one, or on the kept one itself from 100,000 parties on.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench import table
from tests.bench.client import Client, Times, at_once, in_turn
from tests.bench.kept import Kept, kept
from tests.bench.operations import LIST, Facts, Operation, operations
from tests.bench.places import engines
from tests.bench.servers import floor, kontora

CLIENTS = 8
DEEP = 50_000
Results = dict[str, dict[str, tuple[Times, Times]]]


def _facts(base: Kept, program: Client) -> tuple[Facts, dict[str, Any]]:
    """What the operations and the floor need to know, as Kontora tells it."""
    called = base.called
    program("GET", f"{LIST}/{called[0]}?expand=affiliations")
    contact = program.parsed()
    order = list(contact)
    place = contact.pop("affiliations")[0]
    program("GET", f"/api/v1/activities?parties={called[0]}&limit=1")
    activity = program.parsed()["items"][0]
    shown = {"contact": contact, "order": order, "place": place, "activity": activity}
    cursor = base.cursor(program, min(DEEP, base.size // 2))
    facts = Facts(size=base.size, cursor=cursor, called=called)
    return facts, shown | {"head": base.head, "reach": base.reach}


def measured(engine: str, size: int, reads: int) -> Results:
    """Times of Kontora and of the floor on an engine, by operation and number of clients."""
    with ExitStack() as stack:
        folder, base = stack.enter_context(kept(engine, size))
        port = stack.enter_context(kontora(engine, base, folder))
        facts, shown = _facts(base, Client(port, base.tokens["head"]))
        file = folder / "facts.json"
        file.write_text(json.dumps(shown), "utf-8")
        bare = stack.enter_context(floor(engine, base, file))
        ours: dict[str, list[Client]] = {}
        for by in base.tokens:
            ours[by] = [Client(port, base.tokens[by]) for _n in range(CLIENTS)]
        pages = [Client(port) for _n in range(CLIENTS)]
        for each in pages:
            each.sign_in("head@example.org", base.password)
        plain: dict[str, list[Client]] = {}
        found: Results = {}
        for operation in operations(facts):
            mine = pages if operation.page else ours[operation.by]
            theirs = plain.setdefault(
                operation.by, [Client(bare, reader=operation.by) for _n in range(CLIENTS)]
            )
            found[operation.name] = _measure(operation, mine, theirs, reads)
        return found


def _measure(
    operation: Operation, ours: list[Client], theirs: list[Client], reads: int
) -> dict[str, tuple[Times, Times]]:
    if operation.alike:
        _compare(operation, ours[0], theirs[0])

    def calls(clients: list[Client]) -> list[Any]:
        def one(client: Client) -> Any:
            return lambda number: operation.call(client, number + 1)

        return [one(client) for client in clients]

    mine, bare = calls(ours), calls(theirs)
    if operation.name == "create":  # each client changes what it has made
        for number, call in enumerate((*mine, *bare)):
            call(900_000 + number)
    alone = in_turn(mine[0], bare[0], range(2_000, 2_000 + reads))
    return {"1": alone, str(CLIENTS): at_once(mine, bare, max(2, reads // 8))}


def _compare(operation: Operation, ours: Client, theirs: Client) -> None:
    for number in (1, 2, 3):
        mine, bare = operation.call(ours, number), operation.call(theirs, number)
        if mine != bare:
            raise RuntimeError(
                f"{operation.name}: the bodies differ.\n{mine[:900]!r}\n{bare[:900]!r}"
            )


def main() -> None:
    """Measure, print a table for each engine, and keep the numbers where it is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="parties; at least 500")
    parser.add_argument("--reads", type=int, default=40, help="calls of each operation")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--docs", type=Path, metavar="FILE", help="write the tables into it")
    options = parser.parse_args()
    numbers: dict[str, Any] = {"size": options.size}
    for engine in options.engine or engines():
        start = time.monotonic()
        found = measured(engine, options.size, options.reads)
        print(f"\n{options.size:,} parties, {engine}, {time.monotonic() - start:.0f} s")
        text = table.made(found)
        print(text, flush=True)
        numbers[engine] = table.plain(found)
        if options.docs:
            table.write(options.docs, engine, options.size, text)
    if options.json:
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    main()
