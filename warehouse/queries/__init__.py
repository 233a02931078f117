"""Every question that the other rooms ask a warehouse, declared once, by topic.

A query is a frozen dataclass: its fields are the parameters, the columns of its answer are a
NamedTuple, its SQL stands beside them. A :class:`warehouse.reader.Reader` answers it.

- ``query``: what a query is. ``table``: rows of a table or a view, as units read them.
- ``studies``: versions of studies. ``units``: what versions consist of, and what became of it;
  ``status``: how far they are. ``of_version``: the rows of one version in every table.
- ``episodes``, ``coding``, ``calls``, ``market``, ``measures``: what units wrote.
- ``upkeep``: what nothing refers to, and what contradicts itself.
- ``expectations``: what checks of data sets found.
- ``transcript``: one episode as people read it.
- ``report``: what the report lists of designs and runs. ``report_coding``: of codes and labels.
"""
