"""What compacting a warehouse has brought."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.counts import counted


@dataclass(frozen=True)
class Compacted:
    """What writing a warehouse anew has brought.

    Attributes:
        before_bytes: Size of its files before.
        after_bytes: Their size now.
        before_files: Number of its files before.
        after_files: Their number now.
    """

    before_bytes: int
    after_bytes: int
    before_files: int = 1
    after_files: int = 1

    @property
    def in_words(self) -> str:
        """Both, for people.

        Example:
            >>> Compacted(2_000_000, 900_000).in_words
            '1 file of 2,000,000 bytes before, 1 file of 900,000 bytes now'
        """
        before, after = (
            f"{counted(files, 'file')} of {size:,} bytes"
            for files, size in (
                (self.before_files, self.before_bytes),
                (self.after_files, self.after_bytes),
            )
        )
        return f"{before} before, {after} now"
