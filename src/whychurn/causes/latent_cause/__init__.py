"""The additive hazard with a latent cause: priors, confusion of answers, EM, avoidable churn."""
