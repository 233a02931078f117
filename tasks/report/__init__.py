"""The report of a study: plain data in, one self-contained HTML page out."""
