"""The database's history (Alembic). The first revision is the given data model, later ones only add to it."""

from sqlalchemy import text

# Whoever migrates takes this first, within the migration's transaction; the number means nothing ("rollcall").
ONE_AT_A_TIME = text(f"SELECT pg_advisory_xact_lock({0x726F6C6C63616C6C})")


class ViolatingRows(Exception):
    """Rows that were there before forbid a constraint; the text names them. Nothing has been changed."""
