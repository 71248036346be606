"""Sphinx: `make docs`. The pages of the reference are written from the code before each build."""

from __future__ import annotations

from importlib.metadata import version as version_of
from pathlib import Path

from kontora_sdk.reference import write_reference

project = "Kontora"
author = "The Kontora maintainers"
copyright = "2026, the Kontora maintainers"
release = version = version_of("kontora")
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Kontora {version}"

write_reference(Path(__file__).parent / "reference" / "generated", plugins=["hello"])
