"""What is thought: stances, their change and their spread."""
