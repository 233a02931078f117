"""Product choice: shoppers choose from grids of listings whose order, prices and tags are drawn."""
