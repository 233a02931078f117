"""What things are: pydantic models and small pure functions, no input or output.

This room imports nothing else of the project. Studies, codebooks, environments' vocabulary and
every table of the warehouse are declared here once; DDL, validation and reference pages derive
from these declarations.
"""
