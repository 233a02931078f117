"""Where rows live: the only room that imports duckdb or great_expectations.

- ``store``: an open warehouse, which is what flows use. ``connection``: opening its file.
- ``committing``: from results to stored rows: staged, checked, written or quarantined.
- ``projections``: what follows from the table models. ``schema``: migrations (``migrations/``)
  and views (``views/``). ``reference``: ``docs/tables.md``.
- ``query``: ad-hoc SQL, from the file or from the process that owns it: ``serve`` is that
  process's side, ``client`` and ``address`` the asker's, ``statements`` what both run, ``reading``
  what they may run.
- ``sql``: names and values as SQL has them. ``extensions``: DuckDB's, from installed packages.
"""
