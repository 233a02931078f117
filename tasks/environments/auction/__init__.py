"""Auctions: sealed bids that pay the k-th highest, or a price that rises until one is left."""
