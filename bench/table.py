"""Tables, as text for a terminal and as Markdown for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Cell = str | float | int | None


@dataclass
class Table:
    """One table with what must be known to read it.

    Attributes:
        title: Its heading.
        columns: The headings of its columns.
        rows: Its rows; None is shown as a dash.
        notes: Sentences below it.
    """

    title: str
    columns: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Lay it out for a terminal."""
        cells = [list(self.columns), *([shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[at]) for row in cells) for at in range(len(self.columns))]
        lines = [
            "  ".join(
                _pad(cell, width, at)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([f"\n{self.title}", *lines, *(f"  {note}" for note in self.notes)])

    def markdown(self) -> str:
        """Lay it out for a page."""
        bars = ["---"] + ["--:"] * (len(self.columns) - 1)
        rows = [self.columns, bars, *([shown(cell) for cell in row] for row in self.rows)]
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([f"### {self.title}", "", *lines, "", *(f"- {n}" for n in self.notes)])


def shown(cell: Cell) -> str:
    """Write a value with as many digits as it deserves."""
    if cell is None:
        return "–"
    if not isinstance(cell, float):
        return str(cell)
    if cell >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.1f}" if cell >= 10 else f"{cell:.2f}"


def ratio(ours: float, theirs: float) -> str:
    """Write how many times theirs ours is."""
    return f"{ours / theirs:.2f}x" if theirs else "–"


def _pad(cell: str, width: int, at: int) -> str:
    return cell.ljust(width) if at == 0 else cell.rjust(width)
