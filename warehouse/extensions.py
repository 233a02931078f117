"""DuckDB extensions from installed packages; nothing is fetched and nothing is installed."""

from __future__ import annotations

from importlib import resources

import duckdb

from warehouse.sql import literal


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
