"""Where rows live: the only room that imports duckdb or great_expectations.

- ``writer``: what flows write with. ``store``: a warehouse that is open in this process.
  ``storage``: where it keeps its rows, in a file (``connection``) or in a lake (``lake``,
  ``lake_file``, ``lake_faults``). ``compacting``: writing it anew (``lake_upkeep`` for a lake), and
  what that has brought (``compacted``).
- ``shared``: the file or its owner, whichever there is, which is what runs use. ``owner``: owning a
  warehouse, which is to serve it (``serve``, ``write_server``); ``claims`` keeps a process from
  owning one twice. ``remote``: a warehouse that another process owns. ``wire`` and ``messages``:
  what the two say to each other. ``address``: where the owner is.
- ``committing``: from results to stored rows: staged, checked, written or quarantined.
- ``projections``: what follows from the table models. ``schema``: migrations (``migrations/``)
  and views (``views/``, which ``view_files`` reads). ``reference``: ``docs/tables.md``.
- ``queries``: every question that other rooms ask, named and typed. ``reader``: what answers them,
  from the file or from the process that has it open: ``serve`` is that process's side, ``client``
  the asker's, ``statements`` what both run, ``reading`` what they may run. ``query``: SQL of a
  user's own; ``other_duckdb``: the same asked by another DuckDB. ``as_of``: the rows of one
  version alone.
- ``inputs``: what versions read from outside, on record beside their units. ``sources``: whose work
  that is. ``archives``: versions as files for other programs and other warehouses. ``snapshot``: a
  copy of the whole (``lake_copy`` of a lake).
  ``upkeep``: what nothing refers to, and what contradicts itself.
- ``expectations``: Great Expectations over data sets, in a process of its own.
- ``child_process``: processes that end when this one does, however it ends. ``later_module``:
  modules that are imported when they are used. ``closing``: what is closed at the end of a
  ``with`` statement.
- ``sql``: names and values as SQL has them. ``extensions``: DuckDB's, from installed packages.
"""
