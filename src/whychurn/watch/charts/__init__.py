"""Monthly figures of a programme beside what was to be expected, and alarms."""
