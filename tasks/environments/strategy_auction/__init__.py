"""Strategy auction: seats bid for tasks with plans, and cheaper ones refine theirs from memory."""
