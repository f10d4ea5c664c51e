"""What the plan brings beside simpler policies: as the effects have it, and on randomised touches that taught it nothing."""
