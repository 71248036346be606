"""Handover: everything that a user owns goes to others in one step, with one undo."""
