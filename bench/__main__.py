"""The command: which measurements there are, how often each runs, where the table goes."""

import click

from bench import accept, end_to_end, hotpath
from bench.report import Table, show, write

pairs_option = click.option("--pairs", default=7, show_default=True, type=click.IntRange(1, 50))
write_option = click.option("--write", "to_docs", is_flag=True, help="Into docs/performance.md.")


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Without a name: every measurement, one after the other."""
    if context.invoked_subcommand is None:
        for command in (accept_command, end_to_end_command, hotpath_command):
            context.invoke(command)


def _end(table: Table, to_docs: bool) -> None:
    show(table)
    if to_docs:
        write(table)


@main.command("accept")
@pairs_option
@click.option("--count", default=4000, show_default=True, type=click.IntRange(400, 100_000))
@write_option
def accept_command(pairs: int, count: int, to_docs: bool) -> None:
    """Durable, signed, unique 7.5 KB pushes, beside a bare aiohttp application."""
    command = f"python -m bench accept --pairs {pairs} --count {count}"
    _end(Table("accept", command, tuple(accept.measure(pairs, count))), to_docs)


@main.command("end-to-end")
@pairs_option
@click.option("--count", default=3000, show_default=True, type=click.IntRange(400, 100_000))
@write_option
def end_to_end_command(pairs: int, count: int, to_docs: bool) -> None:
    """Accepted, stored, delivered and recorded, beside a forwarder that keeps nothing."""
    command = f"python -m bench end-to-end --pairs {pairs} --count {count}"
    _end(Table("end-to-end", command, tuple(end_to_end.measure(pairs, count))), to_docs)


@main.command("hotpath")
@pairs_option
@click.option("--count", default=2000, show_default=True, type=click.IntRange(400, 100_000))
@write_option
def hotpath_command(pairs: int, count: int, to_docs: bool) -> None:
    """Verify, extract, normalize and route, beside HMAC and JSON parse alone."""
    command = f"python -m bench hotpath --pairs {pairs} --count {count}"
    _end(Table("hotpath", command, tuple(hotpath.measure(pairs, count))), to_docs)


if __name__ == "__main__":
    main()
