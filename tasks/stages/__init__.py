"""The steps of the four stages: what each plans, reads, works and writes.

``base`` says what a step is, ``registry`` lists them in order, ``working`` works their units,
``sent`` lets other processes do so,
``foreseen`` finds what episodes will hold before they are played, ``seated`` who sits in them,
``planned`` the populations of a plan, ``population_rows`` their rows. In that order: ``profiles``,
``searches``, ``populations``, ``personas`` and ``questionnaires`` (stage personas), ``episodes``
and ``completeness`` (stage episodes), ``codes`` and ``labels`` (stage codes), ``measures``,
``persona_measures`` and ``contrasts`` (stage metrics). How to add one: ``docs/add_a_stage.md``.
"""
