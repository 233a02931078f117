"""What a query is: a question with typed parameters, and rows of typed columns."""

from __future__ import annotations

import dataclasses
import re
import types
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, Union, get_args, get_origin
from typing import get_type_hints as hints_of

from warehouse.sql import literal

#: What one row of an answer is: a NamedTuple whose fields are the columns.
RowT = TypeVar("RowT", bound=tuple[Any, ...])

_PARAMETER = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True)
class Query(Generic[RowT]):
    """A question to a warehouse. A query is a subclass; its fields are its parameters.

    Attributes:
        title: What its rows are, for people.
        sql: The statement; ``$name`` stands for the parameter of that name.
        row: What one row of the answer is.

    Example:
        >>> from typing import NamedTuple
        >>> class Name(NamedTuple):
        ...     name: str
        >>> @dataclass(frozen=True)
        ... class NamesThatBegin(Query[Name]):
        ...     title = "names that begin like this"
        ...     sql = "SELECT name FROM studies WHERE starts_with(name, $start)"
        ...     start: str
        >>> NamesThatBegin("it's").text
        "SELECT name FROM studies WHERE starts_with(name, 'it''s')"
        >>> NamesThatBegin.columns()
        {'name': <class 'str'>}
    """

    title: ClassVar[str]
    sql: ClassVar[str]
    row: ClassVar[type[tuple[Any, ...]]]

    def __init_subclass__(cls) -> None:
        """Takes the type of a row from the base's argument."""
        (cls.row,) = get_args(cls.__orig_bases__[0])  # type: ignore[attr-defined]

    @property
    def text(self) -> str:
        """The statement with the values of its parameters filled in, ready to be asked."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return _PARAMETER.sub(lambda match: literal(values[match[1]]), self.sql)

    @classmethod
    def columns(cls) -> dict[str, Any]:
        """The columns of an answer with their types, in order."""
        return hints_of(cls.row)


def present(kind: Any) -> Any:
    """The type of a column's values that are not missing.

    Example:
        >>> present(str | None), present(int)
        (<class 'str'>, <class 'int'>)
    """
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (one for one in get_args(kind) if one is not types.NoneType)
    return kind
