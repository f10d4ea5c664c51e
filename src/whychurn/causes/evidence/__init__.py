"""What speaks for a cause beside exposures: survey answers, texts, contributions of the risk model."""
