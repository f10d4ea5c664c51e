"""Who comes back, and who brings others: win-back of leavers, and referral."""
