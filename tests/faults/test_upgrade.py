"""A new version is installed and `kontora upgrade` runs while people work (T-25, T-27).

The new version is a copy of the code with one more migration of core and one of the plugin
hello, whose new code writes the new column: so one sees which code has served.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import kontora
import kontora_hello
from kontora.db import runner
from kontora.db.owner import CORE
from tests.faults.cluster import KONTORA, Cluster, missing, running
from tests.faults.ledger import Ledger
from tests.faults.servers import wait_for
from tests.faults.test_faults import recovered

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.timeout(1800)]
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{name}_9001_next", "{after}"
branch_labels = depends_on = None

def upgrade():
    op.add_column("{table}", sa.Column("next_release", sa.String(10)))
    op.execute("SELECT pg_sleep(1.5)")

def downgrade():
    op.drop_column("{table}", "next_release")
"""
FIELD = "    subject: Mapped[str] = mapped_column(String(255))\n"
NEXT = '    next_release: Mapped[str | None] = mapped_column(String(10), default="new")\n'


def release(folder: Path) -> Path:
    """A copy of core and hello that can be changed."""
    for package in (kontora, kontora_hello):
        source = Path(str(package.__file__)).parent
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, folder / source.name, ignore=ignored)
    return folder


def install_next(code: Path) -> None:
    """What pip does to a running server: the files change under it."""
    core = code / "kontora" / "db" / "migrations" / "versions"
    hello = code / "kontora_hello"
    plugin = hello / "migrations" / "versions"
    newest = max(path.stem for path in plugin.glob("hello_*.py"))
    text = MIGRATION.format(name="core", table="party", after=runner.head(CORE))
    (core / "core_9001_next.py").write_text(text)
    text = MIGRATION.format(name="hello", table="hello_greeting", after=newest)
    (plugin / "hello_9001_next.py").write_text(text)
    models = hello / "models.py"
    assert FIELD in models.read_text()
    models.write_text(models.read_text().replace(FIELD, FIELD + NEXT))


def upgrade(cluster: Cluster) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [KONTORA, "upgrade"],
        env=cluster.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(cluster: Cluster) -> bool:
    """Whether it came to its end. After a kill PostgreSQL may still be at the last statement, and
    then it says that another upgrade runs."""
    process = upgrade(cluster)
    said, _nothing = process.communicate(timeout=600)
    assert "Traceback" not in said, said
    return process.returncode == 0


@pytest.mark.nightly
@pytest.mark.parametrize("kills", [0, 5])
def test_an_upgrade_under_load_loses_nothing_and_brings_new_processes(
    tmp_path: Path, kills: int
) -> None:
    if why := missing():
        pytest.skip(why)
    chance = random.Random(7)
    code = release(tmp_path / "code")
    with running(tmp_path, workers=1, code=code) as cluster:
        with Ledger(cluster) as ledger:
            time.sleep(1)
            before = [set(web.children()) for web in cluster.webs]
            starts = cluster.workers[0].starts()
            install_next(code)
            for _kill in range(kills):
                process = upgrade(cluster)
                time.sleep(chance.uniform(1, 8))
                process.kill()
                process.communicate()
                recovered(ledger)
            wait_for(lambda: finished(cluster), "the upgrade ends", 600)
            for web, old in zip(cluster.webs, before, strict=True):
                wait_for(lambda w=web, o=old: not o & set(w.children()), "new web processes")
            wait_for(lambda: cluster.workers[0].starts() > starts, "a new worker")
            cluster.wait_ready()
            served = len(ledger.seen.acknowledged)
            wait_for(lambda: len(ledger.seen.acknowledged) > served + 9, "the new ones serve")
        ledger.settle()
        assert not ledger.faults()
        written = "SELECT count(*), count(next_release) FROM hello_greeting"
        (every, new) = cluster.postgres.query(written)[0]
        assert 9 < int(str(new)) < int(str(every)), "both versions have served"
        cluster.postgres.query("SELECT next_release FROM party LIMIT 1")
        assert finished(cluster), "a repetition does nothing"
