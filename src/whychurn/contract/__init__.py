"""What all folders agree on: tables, parameters, the six causes, paths, words."""
