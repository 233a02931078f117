"""DuckDB extensions from installed packages; nothing is fetched and nothing is installed."""

from __future__ import annotations

from importlib import resources

import duckdb

from warehouse.sql import literal


def load_installed(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Loads extensions from their packages into a connection, and lets it load no others.

    To check a signature DuckDB reads the whole file, which takes .3 s for two extensions. These
    were installed with this code and are trusted as it is, so a connection that was made with
    ``allow_unsigned_extensions`` takes them as they are; it may not be allowed that again.

    Raises:
        ModuleNotFoundError: A package is not installed.
        FileNotFoundError: A package has none for this version of DuckDB.
    """
    for name in names:
        load_extension(connection, name)
    connection.execute("SET allow_unsigned_extensions = false")


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Loads an extension from the package ``duckdb_extension_<name>``.

    Raises:
        FileNotFoundError: The package has none for this version of DuckDB.
    """
    folder = resources.files(f"duckdb_extension_{name}")
    version = f"v{duckdb.__version__}"
    file = folder / "extensions" / version / f"{name}.duckdb_extension"
    if not file.is_file():
        raise FileNotFoundError(f"no extension {name} for DuckDB {version}: {file}")
    connection.execute(f"LOAD {literal(str(file))}")
