"""Win-back and referral: whom of the leavers it pays to invite back, and what members bring by bringing others."""
