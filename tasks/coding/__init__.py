"""Coding of transcripts: coders, adjudication, samples for people and their sheets.

- ``episodes``, ``items``: what is coded. ``coders``: who codes it.
- ``judge``, ``prompt``, ``judge_schema``: model judges. ``detectors``, ``labels_in_text``:
  coding by rule.
- ``adjudication``, ``labelling``, ``numbering``: from codes to labels.
- ``sampling``, ``sheet``, ``sheet_values``, ``page``, ``label_studio``: people.
- ``rows``: of codes. ``reference``: the generated part of ``docs/codebooks.md``.
"""
