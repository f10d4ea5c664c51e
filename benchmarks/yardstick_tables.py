"""Tables of the yardstick in the READMEs."""


def write_tables() -> None:
    """x."""
