"""How much the seats of an episode differ in what they do, by the flags of a codebook."""
