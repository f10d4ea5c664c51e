"""DVC as a program: its commands, its locks, its lock file."""
