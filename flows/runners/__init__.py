"""Who works the shards of a step: this process, or the workers of a cluster."""
