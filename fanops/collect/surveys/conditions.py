"""Conditions on earlier answers: a small, safe language that people can read.

``q1 == "好" and q3 >= 8``, ``has(q2, "贵") or not answered(q4)``, ``count(q2) > 1``. Parsed by Python's own parser and
evaluated over a short list of allowed node kinds: nothing else can be called or reached.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_COMPARE = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_FUNCTIONS = {"has": 2, "answered": 1, "count": 1}


class BadCondition(ValueError):
    """The condition can't be read; the message is a Chinese sentence."""


@dataclass(frozen=True)
class Condition:
    """One condition.

    Attributes:
        source: As written.
        questions: Codes of the questions it looks at.
        values: For each question, the constants it is compared with (for checking that such options exist).
    """

    source: str
    questions: frozenset[str]
    values: frozenset[tuple[str, Any]]

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Say whether it holds; an unanswered question makes every comparison false except ``!=`` and ``not``.

        Args:
            answers: Question code → value (option code, list of option codes, number, text); unanswered ones absent.
        """
        return bool(_evaluate(_tree(self.source), answers))


@lru_cache(maxsize=4_096)
def _tree(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def parse_condition(source: str) -> Condition:
    """Read a condition.

    Raises:
        BadCondition: Not of this language.
    """
    source = str(source).strip()
    if len(source) > 500:
        raise BadCondition("条件太长（超过 500 个字）")
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadCondition(f"条件“{source}”写得不对") from error
    questions: set[str] = set()
    values: set[tuple[str, Any]] = set()
    _check(tree, questions, values)
    if not questions:
        raise BadCondition(f"条件“{source}”没有用到任何题目")
    return Condition(source, frozenset(questions), frozenset(values))


def _check(node: ast.expr, questions: set[str], values: set[tuple[str, Any]]) -> None:
    match node:
        case ast.BoolOp(values=parts):
            for part in parts:
                _check(part, questions, values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check(operand, questions, values)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            _check_term(left, questions, values)
            _check_constant(right)
            if isinstance(left, ast.Name):
                values.update((left.id, value) for value in _constants(right))
        case ast.Call():
            _check_term(node, questions, values)
        case _:
            raise BadCondition("条件里只能用 and、or、not、比较，以及 has()、answered()、count()")


def _check_term(node: ast.expr, questions: set[str], values: set[tuple[str, Any]]) -> None:
    match node:
        case ast.Name(id=name):
            questions.add(name)
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name), *rest], keywords=[]) if _FUNCTIONS.get(
            function
        ) == 1 + len(rest):
            questions.add(name)
            for constant in rest:
                _check_constant(constant)
                values.update((name, value) for value in _constants(constant))
        case _:
            raise BadCondition("比较的左边要是题号，或 has(题号, 选项)、answered(题号)、count(题号)")


def _check_constant(node: ast.expr) -> None:
    items = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    for item in items:
        if not (isinstance(item, ast.Constant) and isinstance(item.value, (str, int, float))):
            raise BadCondition("比较的右边要是文字（加引号）或数字")


def _constants(node: ast.expr) -> list[Any]:
    items = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    return [item.value for item in items if isinstance(item, ast.Constant)]


def _evaluate(node: ast.expr, answers: Mapping[str, Any]) -> Any:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_evaluate(part, answers) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_evaluate(part, answers) for part in parts)
        case ast.UnaryOp(operand=operand):
            return not _evaluate(operand, answers)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _compare(_evaluate(left, answers), op, _evaluate(right, answers))
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name), *rest]):
            return _call(function, answers.get(name), [_evaluate(part, answers) for part in rest])
        case ast.Name(id=name):
            return answers.get(name)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_evaluate(item, answers) for item in items]
        case ast.Constant(value=value):
            return value
    raise BadCondition("条件写得不对")


def _compare(left: Any, op: ast.cmpop, right: Any) -> bool:
    if left is None:
        return isinstance(op, (ast.NotEq, ast.NotIn))
    if isinstance(op, _ORDERED) and (isinstance(left, str) != isinstance(right, str) or isinstance(left, (list, dict))):
        return False
    if isinstance(op, (ast.In, ast.NotIn)) and not isinstance(right, (list, str)):
        return isinstance(op, ast.NotIn)
    if isinstance(op, (ast.In, ast.NotIn)) and isinstance(right, str) and not isinstance(left, str):
        return isinstance(op, ast.NotIn)
    return bool(_COMPARE[type(op)](left, right))


def _call(function: str, value: Any, rest: list[Any]) -> Any:
    if function == "answered":
        return value not in (None, "", [], {})
    if function == "count":
        return len(value) if isinstance(value, (list, dict)) else int(value not in (None, ""))
    return rest[0] in value if isinstance(value, (list, dict)) else value == rest[0]
