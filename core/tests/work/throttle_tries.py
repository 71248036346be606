"""A process that tries a limit many times, for `test_throttle`: prints how often it was let in."""

from __future__ import annotations

import sys
from pathlib import Path

from kontora.db.engine import Database
from kontora.work import throttle

if __name__ == "__main__":
    url, home, tries, limit = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    database, allowed = Database(url, home=home), 0
    for _try in range(tries):
        with database.write_engine.begin() as connection:
            allowed += throttle.hit(connection, "login:anna@example.org", limit, 600)
    print(allowed)
