"""survival/competing_risks."""
