"""What happens to members week by week: counts that are drawn, and exposures that follow from them."""
