"""`python -m tests.seeded [--only NAME] [--json]`: build each known bug in and see it caught.

First all tests that are named run against the code as it is: they must pass, or a later failure
would mean nothing. Exit 0 when each bug was caught, or its engine is not there to try it; else 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from tests.seeded.bugs import Bug, load
from tests.seeded.runs import Outcome, attempt, copied, place_of_the_code, run


def sound(bugs: list[Bug]) -> str:
    """Empty when all tests of these bugs pass without them; else what pytest said."""
    with tempfile.TemporaryDirectory(prefix="kontora-seeded-") as folder:
        copy = copied(Path(folder))
        if not place_of_the_code(copy).is_relative_to(copy.resolve()):
            return "Python finds another Kontora than that of the copy."
        for engine in sorted({each.engine for each in bugs}):
            nodes = sorted({node for each in bugs if each.engine == engine for node in each.tests})
            report = run(nodes, copy, engine=engine, stop=False)
            if report.failed or report.broken:
                return report.output[-6_000:]
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.seeded", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help="this bug; repeatable")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--list", action="store_true", help="name the bugs and run nothing")
    parser.add_argument("--jobs", type=int, default=2, help="bugs at the same time")
    parser.add_argument("--unchecked", action="store_true", help="leave out the run without bugs")
    given = parser.parse_args()
    bugs = [each for each in load() if not given.only or each.name in given.only]
    if unknown := set(given.only or ()) - {each.name for each in bugs}:
        parser.error(f"no bug is named {', '.join(sorted(unknown))}; --list names them")
    if given.list:
        for each in bugs:
            print(f"{each.row:4} {each.suite}  {each.name:44} {each.says}")
        return 0
    start = monotonic()
    if not given.unchecked and (complaint := sound(bugs)):
        print(f"Tests fail without any bug, so nothing can be told:\n{complaint}", file=sys.stderr)
        return 1
    with ThreadPoolExecutor(given.jobs) as pool:
        outcomes = []
        for outcome in pool.map(attempt, bugs):
            outcomes.append(outcome)
            if not given.json:
                print(told(outcome), flush=True)
    caught = sum(each.state == "caught" for each in outcomes)
    seconds = round(monotonic() - start)
    if given.json:
        rows = [asdict(each) for each in outcomes]
        document = {"bugs": len(bugs), "caught": caught, "seconds": seconds, "outcomes": rows}
        print(json.dumps(document, indent=2))
    else:
        print(f"{caught} of {len(bugs)} caught in {seconds} s")
    return 0 if {each.state for each in outcomes} <= {"caught", "untried"} else 1


def told(outcome: Outcome) -> str:
    detail = ", ".join(outcome.by) or outcome.why
    return f"{outcome.state:10} {outcome.seconds:5.1f} s  {outcome.name:44} {detail}"


if __name__ == "__main__":
    raise SystemExit(main())
