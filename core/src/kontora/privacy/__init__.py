"""Privacy: one person's data handed out or erased, and how long what is kept beside records."""
