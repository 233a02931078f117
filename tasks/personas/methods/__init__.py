"""Ways of making the structured part of a population.

``method`` says what a way is, ``registry`` lists them: ``independent``, ``ipf``, ``factorial``,
``dataset`` and ``fixed``. How to add one: ``docs/add_a_persona_method.md``.
"""
