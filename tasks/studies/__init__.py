"""Studies: read from YAML, resolved to a design of conditions, compared."""
