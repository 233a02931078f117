"""What is said: diversity, convergence, turnover, drift."""
