"""Studies: read from YAML, resolved to a design of conditions, compared.

- ``load``: a study from a file; ``files``, ``rowsfile``, ``yamltext``, ``yamlnodes``,
  ``strict`` read it.
- ``design``: the design: conditions with every parameter resolved.
- ``checks``, ``instruments``, ``analysis_checks``: names that lead nowhere. ``episode_parts``:
  parts of episodes that do not fit who takes part. ``controls``: controls that are comparable with
  nothing. ``populations``: populations that cannot be made.
  ``messages``, ``positions``, ``fields``: what is wrong, in which line, and what was meant.
- ``balance``: what changes places from replicate to replicate, in words.
- ``differences``: in what two studies differ. ``jsonschema``: completion for editors.
- ``reference``, ``examples``: the page that explains a study.
"""
