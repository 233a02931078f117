"""What things are: pydantic models and small pure functions, no input or output.

This room imports nothing else of the project.

- ``study``: what a researcher writes. ``codebook``, ``instrument``, ``market``: what a
  study names by file.
- ``tables``: what the warehouse holds, a model per table; DDL, validation and the reference page
  derive from them. ``lake``: the file that names a warehouse of several machines. ``archive``: the
  manifest of an archive.
- ``unit``: what is planned, worked and committed; ``failures``: why units failed.
  ``gateway``: what is asked of a model.
  ``environment``: the rules of an episode as the engine sees them; ``comparing``: what they have
  besides where they compare texts; ``seats``: who takes part.
- ``inventories``: inventories of traits.
- ``archive``: what an archive of a study says of itself. ``source``: whose work something is.
- ``checks``: checks of data sets and what they found. ``relations``: tables and views by name.
- ``keys``: digests, and generators seeded by them. ``errors``: mistakes that a user can mend.
  ``base``, ``files``, ``names``: what models share. ``counts``: numbers with their nouns.
"""
