"""A seeded bug: the effect of a job and its mark “done” are two transactions."""

import time

from kontora.work.context import RunningJob

_together = RunningJob.finish


def _apart(self, result):
    if self._session is not None:
        self._session.commit()
        time.sleep(0.5)
    _together(self, result)


RunningJob.finish = _apart
