"""Great Expectations over data sets: what a version of a study holds at the end of a stage.

``data_sets`` selects the rows, ``checker`` starts the process that checks them, ``worker`` is that
process, ``library`` is Great Expectations, which the worker alone imports, ``results`` keeps what
was found in ``validations``.
"""
