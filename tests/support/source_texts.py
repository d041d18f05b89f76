"""The texts in the source of the program."""

import ast
from collections.abc import Iterator


def texts_of(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may be, with {} for what is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts
            )
        case ast.BoolOp(values=values):
            for value in values:
                yield from texts_of(value)
        case ast.IfExp(body=body, orelse=other):
            yield from texts_of(body)
            yield from texts_of(other)
