"""Plugins: found, checked, ordered, loaded, called, and taken out when they fail."""
