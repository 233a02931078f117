"""Who is who: self-labels, personas, recognisable voices."""
