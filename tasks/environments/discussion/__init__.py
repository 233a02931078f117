"""Discussion: participants talk about a brief."""
