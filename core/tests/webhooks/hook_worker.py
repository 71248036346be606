"""A worker of a site for `test_kill`: `python hook_worker.py <home> <url> <seconds of a lease>`.

`KONTORA_SECRET_KEY` has to be the site's: the secrets of webhooks are sealed with it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from kontora.lifecycle.site import Site
from kontora.settings import Settings
from kontora.work.worker import Worker


def main() -> None:
    home, url, lease = sys.argv[1:]
    settings = Settings(
        home=Path(home),
        database_url=url,
        secret_key=os.environ["KONTORA_SECRET_KEY"],
        egress_allow=("127.0.0.1/32",),
    )
    worker = Worker(Site(settings).work_site(), lease=float(lease))
    signal.signal(signal.SIGTERM, lambda *_given: worker.stop())
    worker.run()


if __name__ == "__main__":
    main()
