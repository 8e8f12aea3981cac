"""Imported once, in the process that lives are forked from: all that a life would import."""

import importlib

import httpx
from sqlalchemy import create_engine, text

import tests.campaign.child  # noqa: F401

for _module in ("httpcore", "anyio._backends._asyncio", "psycopg", "telegram.ext"):
    importlib.import_module(_module)
httpx.AsyncClient(verify=False)
create_engine("postgresql+psycopg://nobody@nowhere.invalid/none")
with create_engine("sqlite://").connect() as _connection:
    _connection.execute(text("SELECT 1"))
