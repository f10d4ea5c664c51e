"""Read tables from files or a database, check, quarantine, pseudonymise, redact."""
