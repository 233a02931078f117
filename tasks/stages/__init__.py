"""The stages: what each plans, reads, works and writes."""
