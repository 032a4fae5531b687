"""What people type as a name or an address, by hand or in a file."""


def tidy(written: str) -> str:
    """In one line, without spaces around it and without signs that nobody sees."""
    seen = "".join(sign if sign.isprintable() else " " if sign.isspace() else "" for sign in written)
    return " ".join(seen.split())
