"""The report of a study: plain data in, one self-contained HTML page out.

``data`` is what goes in, ``sections`` make of it what the ``templates`` show, ``tables`` and
``plots`` how, ``formatting`` numbers as text; ``page`` puts it together, and ``markdown`` the same
in short.
"""
