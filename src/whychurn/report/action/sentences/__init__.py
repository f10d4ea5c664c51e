"""What the tables on actions say, in words: tests, plan, next tests, warnings, win-back."""
