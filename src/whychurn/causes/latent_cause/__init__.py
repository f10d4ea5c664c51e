"""causes/latent_cause."""
