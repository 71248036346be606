"""Import and export without a database: reading, guessing, cleaning, writing, reporting."""
