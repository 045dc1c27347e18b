"""The command: which measurements there are, how often each runs, where the table goes."""

import sys
from collections.abc import Callable
from typing import Any

import click

from bench import (
    accept,
    drain,
    end_to_end,
    footprint,
    growth,
    hotpath,
    latency,
    parsers,
    pressure,
    soak,
    steps,
)
from bench.report import Rows, Table, show, write

Measure = Callable[..., Rows]


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Without a name: every measurement, one after the other."""
    if context.invoked_subcommand is None:
        for command in main.commands.values():
            if command is not soak_command:
                context.invoke(command)


def _add(name: str, about: str, measure: Measure, **options: int) -> None:
    """A command with an option for each number that `measure` takes, and its default."""

    def run(*, write_: bool, **given: Any) -> None:
        said = "".join(f" --{option} {value}" for option, value in given.items())
        table = Table(name, f"python -m bench {name}{said}", tuple(measure(**given)))
        show(table)
        if write_:
            write(table)

    command = click.Command(name, callback=run, help=about)
    for option, default in {"pairs": 7, **options}.items():
        command.params.append(
            click.Option(
                [f"--{option}"], default=default, show_default=True, type=click.IntRange(1)
            )
        )
    command.params.append(
        click.Option(["--write", "write_"], is_flag=True, help="Into docs/performance.md.")
    )
    main.add_command(command)


_add(
    "accept", "Durable, signed, unique 7.5 KB pushes, beside a bare aiohttp application.",
    accept.measure, count=4000,
)  # fmt: skip
_add(
    "end-to-end", "Accepted, stored, delivered, recorded, beside a forwarder that keeps nothing.",
    end_to_end.measure, count=3000,
)  # fmt: skip
_add(
    "latency", "Of the acknowledgement, open loop, beside the bare handler and the disk.",
    latency.measure, seconds=10,
)  # fmt: skip
_add(
    "hotpath", "Verify, extract, normalize and route, beside HMAC and JSON parse alone.",
    hotpath.measure, count=2000,
)  # fmt: skip
_add(
    "growth", "Accepting with many events stored, beside an empty store.",
    growth.growth, count=3000, some=100_000, many=1_000_000,
)  # fmt: skip
_add(
    "retention", "Accepting while old events are pruned, beside as many that stay.",
    growth.retention, count=3000, stored=100_000,
)  # fmt: skip
_add(
    "backlog", "Accepting with many deliveries waiting for a target that hangs.",
    pressure.backlog, count=3000, waiting=100_000,
)  # fmt: skip
_add(
    "duplicates", "One event again and again, beside as many that are new.",
    pressure.duplicates, count=4000,
)  # fmt: skip
_add(
    "steps", "The gateway with parts taken out or put back, beside bare aiohttp.",
    steps.measure, count=4000,
)  # fmt: skip
_add("parsers", "Reading HTTP, by aiohttp's parser and by httptools.", parsers.measure, count=5000)
_add("bodies", "Bodies from 1 KB to 1 MB, beside a bare aiohttp application.", pressure.bodies)
_add(
    "drain", "Delivering a backlog, beside a client loop that keeps nothing.",
    drain.measure, count=100_000,
)  # fmt: skip
_add(
    "footprint", "Start-up, idle CPU, memory, beside the bare application.",
    footprint.measure, count=5000, waiting=100_000,
)  # fmt: skip


@click.command("soak")
@click.option("--minutes", default=30, show_default=True, type=click.IntRange(1))
@click.option("--share", default=70, show_default=True, type=click.IntRange(1, 100))
@click.option("--keep", default=5, show_default=True, type=click.IntRange(1), help="Minutes.")
@click.option("--write", "write_", is_flag=True, help="Into docs/performance.md.")
def soak_command(minutes: int, share: int, keep: int, write_: bool) -> None:
    """End to end for long, under a share of the capacity: what grows. Not part of all."""
    rows = soak.measure(minutes, share, keep)
    command = f"python -m bench soak --minutes {minutes} --share {share} --keep {keep}"
    table = Table("soak", command, tuple(rows))
    show(table)
    if write_:
        write(table)
    if dict(rows)[soak.BOUNDS] != soak.KEPT:
        sys.exit(1)


if __name__ == "__main__":
    main.add_command(soak_command)
    main()
