"""What the operating system gives: locks of files, processes, cores."""
