"""Archives: the rows of one version of a study as files that any program can read.

``writing`` makes the files of tables, ``contents`` opens and checks them, ``importing`` stores
their rows in another warehouse. What stands around them (the manifest, a page for people) is made
in ``flows/archives/``.
"""
