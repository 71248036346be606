"""Import and export: reading, guessing, cleaning, writing files; rows into records and back.

`run` imports a file slice by slice, `dry_run` says what it would do, `export` writes a list.
"""
