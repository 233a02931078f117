"""What is thought: stances and answers to probes, their change and their spread."""
