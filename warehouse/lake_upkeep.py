"""Looking after a lake: fewer, larger files, and none that nothing reads any more."""

from __future__ import annotations

from contextlib import closing

from warehouse.compacted import Compacted
from warehouse.lake import LAKE, LakeStorage
from warehouse.sql import literal

#: For how long files that were replaced stay, for queries that had begun before.
KEPT_S = 3600

#: What is done, in order: rows in the catalogue become files, files without their deleted rows are
#: written, small ones become one, older states are forgotten, and the files that only they had go;
#: last those that a killed process had begun to write.
_STEPS = (
    "ducklake_flush_inlined_data({lake})",
    "ducklake_rewrite_data_files({lake})",
    "ducklake_merge_adjacent_files({lake})",
    "ducklake_expire_snapshots({lake}, older_than => {then})",
    "ducklake_cleanup_old_files({lake}, older_than => {then})",
    "ducklake_delete_orphaned_files({lake}, older_than => {then})",
)


def compact(storage: LakeStorage, kept_s: float = KEPT_S) -> Compacted:
    """Writes the files of a lake anew, in its turn; runs wait for that, queries do not.

    Args:
        storage: The lake.
        kept_s: For how long files stay that queries may still read.

    Raises:
        Mistake: The lake cannot be written.
    """
    before = _files(storage)
    with closing(storage.connection()) as opened, storage.turn(opened), storage.faults():
        cursor = storage.cursor(opened)
        for step in _STEPS:
            then = f"now() - INTERVAL {literal(f'{kept_s} seconds')}"
            cursor.execute(f"CALL {step.format(lake=literal(LAKE), then=then)}").fetchall()
    after = _files(storage)
    return Compacted(sum(before), sum(after), len(before), len(after))


def _files(storage: LakeStorage) -> list[int]:
    """Sizes of the Parquet files in the lake's folder, in bytes."""
    return [file.stat().st_size for file in storage.folder.rglob("*.parquet")]
