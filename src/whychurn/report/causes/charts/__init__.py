"""report/causes/charts."""
