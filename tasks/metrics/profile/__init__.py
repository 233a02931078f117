"""How much the seats of a run differ in what they do, by the flags of a codebook."""
