"""Archives of studies: ``export`` writes one, ``bringing_in`` imports one, ``page`` describes it.

The rows themselves are the business of ``warehouse/archives/``.
"""
