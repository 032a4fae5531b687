"""The simulator: weeks of one warehouse in minutes, through the real bot and the sandbox, and what must hold after each
step (docs/sandbox.md)."""
