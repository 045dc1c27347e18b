"""Tables: on the terminal, and between their marks in docs/performance.md."""

import os
import platform
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs" / "performance.md"
Rows = Sequence[tuple[str, str]]
"""What, and what was found of it."""


@dataclass(frozen=True, slots=True)
class Table:
    """What one measurement found. rows: what, and its median with quartiles."""

    name: str
    command: str
    rows: tuple[tuple[str, str], ...]


def show(table: Table) -> None:
    """Prints it."""
    print(f"{table.name}:")
    for what, value in table.rows:
        print(f"  {what:<48} {value}")


def text(table: Table) -> str:
    """Its Markdown, with the command, the day and the machine's load."""
    day = time.strftime("%Y-%m-%d", time.gmtime())
    machine = f"{os.cpu_count()} CPUs, Python {platform.python_version()}"
    head = (
        f"`{table.command}` on {day}: {machine}, "
        f"load average {os.getloadavg()[0]:.1f} at the end.\n\n"
        "| | median (quartiles) |\n|---|---|\n"
    )
    return head + "".join(f"| {what} | {value} |\n" for what, value in table.rows)


def write(table: Table) -> None:
    """Replaces the table between its marks. Raises ValueError where the page has none."""
    page = DOCS.read_text()
    marks = f"<!-- {table.name} -->", f"<!-- end of {table.name} -->"
    pattern = re.compile(f"{re.escape(marks[0])}.*?{re.escape(marks[1])}", re.DOTALL)
    new = f"{marks[0]}\n{text(table)}{marks[1]}"
    page, found = pattern.subn(lambda _: new, page)
    if found != 1:
        raise ValueError(f"{DOCS} has no place for {table.name}")
    DOCS.write_text(page)
