"""Files that people attach to records: bytes outside any served folder, rows beside the record."""
