"""A strict local Telegram and SMS network, for the demo and for tests (docs/sandbox.md)."""
