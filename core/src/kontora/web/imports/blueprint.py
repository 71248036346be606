"""The blueprint of the import's pages, apart from them so that each can add its routes."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("imports", __name__)
