"""A fictional company, so that a new site shows how it looks in use.

All names are invented; addresses end in example.org (RFC 2606), numbers are those kept for drama
(+44 20 7946 0…, +44 7700 900…). Nobody has registration numbers: a right one might be somebody's.

`plan` makes it up from the words of a language (`en.toml`, `ru.toml`, `uk.toml`): a list of steps,
the same in each run of a day. `build` takes them through the record service, `removal` takes back
what nobody has changed or used since.
"""

from kontora.lifecycle.sample.build import Made, add_sample, users_of
from kontora.lifecycle.sample.plan import FULL, SMALL, Size
from kontora.lifecycle.sample.removal import Removed, remove_sample

__all__ = ["FULL", "SMALL", "Made", "Removed", "Size", "add_sample", "remove_sample", "users_of"]
