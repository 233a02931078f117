"""The sections of the report: from rows to what the templates show."""
