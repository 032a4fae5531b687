"""Whom the sandbox trusts when it calls a bot over HTTPS."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """Read once: the authorities' certificates take longer to load than most calls."""
    return httpx.create_ssl_context(trust_env=False)
