"""Statistical primitives that metrics and contrasts share: arrays in, arrays out."""
