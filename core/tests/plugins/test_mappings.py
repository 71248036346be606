"""A mapped class that cannot be completed costs its plugin only."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

BROKEN_MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship
from kontora.db.base import Base

class Note(Base):
    __tablename__ = "bad_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    author: Mapped["Nobody"] = relationship()
"""

GOOD_MODELS = BROKEN_MODELS.replace("bad_note", "good_note").replace(
    'author: Mapped["Nobody"] = relationship()', "text: Mapped[str]"
)

QUERIES_STILL_WORK = """
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from kontora.db.base import Base
from kontora.plugins.manager import PluginManager

for _round in range(2):
    manager = PluginManager(core_version="0.1.0")
    manager.load(["bad", "good"])
    print(manager.states["bad"].state, manager.states["bad"].cause)
    assert manager.order == ("core", "good")

from kontora_good.models import Note
engine = create_engine("sqlite+pysqlite://", module=__import__("pysqlite3.dbapi2", fromlist=["x"]))
Base.metadata.tables["good_note"].create(engine)
with Session(engine) as session:
    session.add(Note(text="still here"))
    session.commit()
    print(session.scalars(select(Note.text)).one())
"""


@pytest.mark.parametrize("menu", ["", "1/0"], ids=["mapping fails", "a later import fails too"])
def test_a_mapping_that_cannot_be_completed_does_not_stop_the_queries_of_others(install, menu):
    """In a process of its own, because mapped classes are known to the whole process."""
    install("bad", {"models": BROKEN_MODELS, "menu": menu})
    install("good", {"models": GOOD_MODELS})
    run = subprocess.run(
        [sys.executable, "-c", QUERIES_STILL_WORK],
        env={**os.environ, "PYTHONPATH": str(install.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "quarantined It cannot be imported" in run.stdout
    assert run.stdout.rstrip().endswith("still here")
