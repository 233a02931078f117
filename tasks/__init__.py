"""How work is done: planning and working every stage. No DuckDB; Prefect in ``shards`` alone.

- ``studies``: a YAML file becomes a design of conditions.
- ``stages``: the steps of personas, episodes, codes and metrics; each a plan and a piece of work.
- ``models``: the gateway, the one way to ask a model; ``models/sim`` are simulated ones.
- ``episodes``: the engine that plays ``environments``, the rules of discussions and markets.
- ``personas``, ``instruments``, ``coding``, ``metrics``: what the steps of those names are made of.
- ``expectations``: what data sets are expected to be at the end of stages.
- ``importers``: what others recorded. ``report``: the page that a study ends in.
- ``registry``: what studies name, one list per kind. ``shards``: units as Prefect tasks.
  ``concurrency``: awaitables gathered in order. ``files``: texts read from files, within limits.
  ``language``: the language of a text.
"""
