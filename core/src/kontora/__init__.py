"""Kontora: a CRM that a company assembles from modules."""
