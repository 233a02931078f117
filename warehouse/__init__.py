"""Where rows live: the only room that imports duckdb or great_expectations."""
