"""What a person asks for between runs: lists, read-outs, plans played."""
