"""Secrets that people carry in links and addresses: only what is made of them here is kept."""

import hashlib


def hashed(token: str) -> bytes:
    """SHA-256: the token can be recognised by it, and not be found."""
    return hashlib.sha256(token.encode()).digest()
