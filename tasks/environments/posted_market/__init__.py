"""Posted prices: sellers set price and quality, buyers choose and rate."""
