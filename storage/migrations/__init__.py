"""One Alembic tree for both databases; run by :mod:`storage.schema`, shipped with the package."""
