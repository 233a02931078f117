"""Commons: seats harvest from one stock that regrows, and may talk between two harvests."""
