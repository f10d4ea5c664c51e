"""Evidence of the causes beside exposures: survey answers, texts, contributions of the risk model."""
