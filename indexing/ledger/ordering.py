"""The order of texts: that of Python and SQLite, whatever language a database sorts by.

PostgreSQL compares texts as the locale of its database does, which is that of the machine where
nobody said otherwise. In Danish and Norwegian `aa` is a letter after `z`: ids in that order do not
pair with the same ids as a store gives them.
"""

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class ByBytes(FunctionElement[str]):
    """A text to order by, compared byte by byte."""

    inherit_cache = True
    type = String()


@compiles(ByBytes)
def _as_it_is(element: ByBytes, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(ByBytes, "postgresql")
def _without_a_language(element: ByBytes, compiler: SQLCompiler, **options: Any) -> str:
    return f'{compiler.process(element.clauses, **options)} COLLATE "C"'
