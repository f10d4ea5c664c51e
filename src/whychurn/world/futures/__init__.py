"""What comes after the last day that the tables show: futures that no plan changes, and what members are worth in them."""
