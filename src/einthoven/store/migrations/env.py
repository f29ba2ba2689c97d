"""Run by Alembic with the connection that `database.py` hands over; there is no other way in."""

from alembic import context

from einthoven.store.tables import metadata

connection = context.config.attributes["connection"]
# SQLite cannot alter most things in place: batch mode copies the table instead.
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
