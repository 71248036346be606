"""The test kit: pytest fixtures that give a plugin's tests a whole Kontora."""
