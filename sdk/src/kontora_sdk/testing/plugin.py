"""The pytest plugin `kontora`. It imports the core only when a fixture is asked for.

Were the core imported here, pytest would load it before coverage starts to count.
"""

from __future__ import annotations
