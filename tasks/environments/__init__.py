"""Environments: rules, prompts and simulated policies of discussions, markets, games and choices.

``discussion``, ``market``, ``commons``, ``product_choice``, ``debate``, ``auction``,
``bargaining``, ``ultimatum``, ``binary_choice``, ``strategy_auction`` and ``posted_market`` are in
the ``registry``. ``talk`` is a phase that they share, ``seating`` seats those that list their
seats, ``bounds`` says how far outcomes can go. They hold the protocol of ``schemas.environment``;
``tasks.episodes`` plays them. How to add one: ``docs/add_an_environment.md``.
"""
