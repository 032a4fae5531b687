"""The database's history (Alembic). The first revision is the given data model, later ones only add to it."""


class ViolatingRows(Exception):
    """Rows that were there before forbid a constraint; the text names them. Nothing has been changed."""
