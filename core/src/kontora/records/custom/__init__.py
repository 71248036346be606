"""Custom fields: what administrators (and imports) declare while the site runs."""
