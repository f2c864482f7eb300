"""Read a YAML data file into plain Python data that still knows its lines.

Every file under ``data/`` goes through `load`, so that whatever is wrong in one is told with its
file, its line and the remedy. Mappings come back as `Map` and sequences as `Seq`: ordinary ``dict``
and ``list`` that remember where they stood. YAML 1.2 rules hold: only ``true`` and ``false`` are
booleans, ``2026-01-31`` is a date, and ``08.00`` is a number unless it stands in quotes. Two things
are refused because YAML would spoil them: a number with leading zeros (029018 would become 29018)
and a moment with a clock time (its zone would be lost); both belong in quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node
from ruamel.yaml.scalarbool import ScalarBoolean
from ruamel.yaml.scalarint import ScalarInt

from bot.errors import DataError

T = TypeVar("T")
_read: ContextVar[dict[Path, Any] | None] = ContextVar("read_once", default=None)
_REQUIRED: Any = object()
_NAMES: dict[type, str] = {
    str: "text (in quotes)",
    int: "a whole number",
    float: "a decimal number",
    bool: "true or false",
    date: "a date like 2026-01-31",
    dict: "a mapping",
    list: "a list",
    type(None): "empty",
}


class Map(dict[Any, Any]):
    """A mapping of a data file; `lines` gives the 1-based line of each key."""

    path = ""
    line = 0
    lines: dict[Any, int] = {}  # noqa: RUF012  replaced per mapping, never changed


class Seq(list[Any]):
    """A sequence of a data file; `lines` gives the 1-based line of each index."""

    path = ""
    line = 0
    lines: dict[Any, int] = {}  # noqa: RUF012  replaced per sequence, never changed


_NAMES.update({Map: "a mapping", Seq: "a list"})


@contextmanager
def read_once() -> Iterator[None]:
    """Let `load` read each file once within this block; what it gives must not be changed."""
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def load(path: Path) -> Any:
    """Read one YAML document of a data file.

    Args:
        path: The file, in UTF-8.

    Returns:
        A `Map` or `Seq` of these and of ``str``, ``int``, ``float``, ``bool``, ``date`` and None.

    Raises:
        DataError: The file is missing, empty, unreadable or not lawful YAML.
    """
    known = _read.get()
    if known is None:
        return _load(path)
    if path not in known:
        known[path] = _load(path)
    return known[path]


def _load(path: Path) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise DataError(path, 0, "the file is missing; restore it") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DataError(path, line, "not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError(path, 0, f"cannot be read ({reason}); mend its permissions") from None
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    try:
        data = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise DataError(path, line, f"broken YAML: {error.problem}; mend this line") from None
    except YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise DataError(path, line, "holds a control character; remove it") from None
    if not isinstance(data, (dict, list)):
        raise DataError(path, 0, "holds neither a mapping nor a list; restore its content")
    return _plain(str(path), data, 1)


def line_of(node: Any, key: Any = None) -> int:
    """Return the 1-based line of a key (or index) of a loaded node, else of the node, else 0."""
    if not isinstance(node, (Map, Seq)):
        return 0
    return node.lines.get(key, node.line)


def wrong(node: Any, problem: str, key: Any = None) -> DataError:
    """Make the error that says what is wrong at a key (or index) of a loaded node.

    Args:
        node: A `Map` or `Seq` that `load` gave.
        problem: What is wrong and what to do about it.
        key: The key or index meant; None for the whole node.
    """
    return DataError(getattr(node, "path", ""), line_of(node, key), problem)


def take(node: Any, key: str, kind: type[T], default: T = _REQUIRED) -> T:
    """Return a value of a loaded mapping after checking its type.

    Args:
        node: A `Map` that `load` gave.
        key: The key wanted.
        kind: The exact type wanted, for example ``str``; ``dict`` and ``list`` take `Map`, `Seq`.
        default: Given back when the key is absent or null; without it the key is required.

    Raises:
        DataError: The node is no mapping, the key is absent, or the value has another type.
    """
    if not isinstance(node, dict):
        raise wrong(node, f"a mapping with the key '{key}' is wanted here")
    value = node.get(key)
    if value is None:
        if default is _REQUIRED:
            raise wrong(node, f"'{key}' is missing; add it", key)
        return default
    if _is(value, kind):
        return value  # type: ignore[no-any-return]
    raise wrong(node, f"'{key}' must be {_name(kind)}, not {_name(type(value))}", key)


def items(node: Any, key: str, kind: type[T]) -> list[T]:
    """Return a list of a loaded mapping after checking the type of every item.

    Args:
        node: A `Map` that `load` gave.
        key: The key of the list.
        kind: The exact type of its items, as in `take`.

    Raises:
        DataError: The list is absent, is no list, or an item has another type.
    """
    found = take(node, key, list)
    for index, value in enumerate(found):
        if not _is(value, kind):
            problem = f"an item of '{key}' must be {_name(kind)}, not {_name(type(value))}"
            raise wrong(found, problem, index)
    return found


def only(node: Any, keys: Iterable[str]) -> None:
    """Refuse keys nobody reads, which are typing errors more often than not.

    Raises:
        DataError: The mapping has a key that is not among those allowed.
    """
    allowed = list(keys)
    for key in node:
        if key not in allowed:
            raise wrong(node, f"unknown key '{key}'; allowed: {', '.join(allowed)}", key)


def _is(value: Any, kind: type) -> bool:
    return type(value) is kind or (kind in (dict, list) and isinstance(value, kind))


def _name(kind: type) -> str:
    return _NAMES.get(kind, kind.__name__)


class _Constructor(RoundTripConstructor):  # type: ignore[misc]  # ruamel is untyped here
    """Gives a line to values that no type takes, for example the date 2026-02-30."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise ConstructorError(problem=str(error), problem_mark=node.start_mark) from None


def _plain(path: str, value: Any, line: int) -> Any:
    if isinstance(value, dict):
        found = Map()
        marks, own = value.lc.data or {}, value.lc.line + 1  # type: ignore[attr-defined]
        # A key merged in with << has no mark of its own: the mapping's line stands for it.
        found.lines = {k: marks[k][0] + 1 if k in marks else own for k in value}
        found.update({k: _plain(path, v, found.lines[k]) for k, v in value.items()})
        found.path, found.line = path, own
        return found
    if isinstance(value, list):
        items = Seq()
        marks, own = value.lc.data or {}, value.lc.line + 1  # type: ignore[attr-defined]
        items.lines = {i: marks[i][0] + 1 if i in marks else own for i in range(len(value))}
        items.extend(_plain(path, v, items.lines[i]) for i, v in enumerate(value))
        items.path, items.line = path, own
        return items
    if type(value) is ScalarInt and getattr(value, "_width", None) is not None:
        raise DataError(path, line, f"{value} loses its leading zeros; put the number in quotes")
    if isinstance(value, ScalarBoolean):
        return bool(value)
    for kind in (str, bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    if value is None or type(value) is date:
        return value
    if isinstance(value, datetime):
        raise DataError(path, line, f"{value} loses its time zone; put it in quotes")
    raise DataError(path, line, "a YAML tag that data files do not use; remove it")
