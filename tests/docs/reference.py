"""docs/reference.md: the tables of the code, for people."""

import click

from gateway.cli.main import COMMANDS, root
from gateway.delivery.retry import Verdict, verdict
from gateway.model.outcomes import OUTCOMES
from gateway.model.states import FINAL, MOVES, REASONS, ErrorClass, Trigger
from gateway.net.sending import Answer
from gateway.observe.metrics import METRICS
from gateway.providers.vocabulary import FAMILIES, FIELDS
from tests.docs.tables import table

HEAD = """\
# Reference

Generated from the code's own tables; a test compares them.

"""

_MEANT = {
    Verdict.DELIVERED: "delivered",
    Verdict.RETRY: "tried again",
    Verdict.DEAD: "dead, not tried again by itself",
}


def render() -> str:
    """The whole page."""
    return HEAD + "\n".join(
        f"## {title}\n\n{text}"
        for title, text in (
            ("How a request ends", _outcomes()),
            ("Where a delivery stands", _states()),
            ("Who moves a delivery", _moves()),
            ("What a target's answer means", _answers()),
            ("Types of events", _types()),
            ("Fields of events", _fields()),
            ("Metrics", _metrics()),
            ("Commands", _commands()),
        )
    )


def _outcomes() -> str:
    rows = (
        (f"`{outcome}`", row.status, row.retry_after or "", row.meaning)
        for outcome, row in OUTCOMES.items()
    )
    return (
        "The status is the gateway's own; a provider's declaration may say another one for what its "
        "sender expects. Answers to refused requests are problem JSON (RFC 9457).\n\n"
        + table(("outcome", "status", "Retry-After, s", "means"), rows)
    )


def _states() -> str:
    rows = (
        (
            f"`{state}`",
            " ".join(f"`{reason}`" for reason in reasons),
            "final; a replay makes a new delivery" if state in FINAL else "",
        )
        for state, reasons in REASONS.items()
    )
    return table(("state", "reasons", ""), rows)


def _moves() -> str:
    rows = (
        (
            f"`{verb}`",
            " ".join(f"`{state}`" for state in sorted(move.leaves)),
            f"`{move.to}`",
            "yes" if move.new_window else "no",
        )
        for verb, move in MOVES.items()
    )
    triggers = " ".join(f"`{one}`" for one in Trigger)
    return table(("verb", "from", "to", "new retry window"), rows) + (
        f"\nThe header `Gateway-Trigger` says what caused an attempt: {triggers}.\n"
    )


def _answers() -> str:
    groups: dict[str, list[str]] = {}
    for status in range(200, 600):
        meant = _MEANT[verdict(Answer(status, None, "", b"", 0.0))]
        groups.setdefault(meant, []).append(str(status))
    rows = [(meant, _ranges(statuses)) for meant, statuses in groups.items()]
    classes = " ".join(f"`{one}`" for one in ErrorClass)
    return table(("", "statuses"), rows) + (
        "\nNo answer at all (the error classes "
        f"{classes}) is tried again. The delay is the larger of Retry-After, capped, and an "
        "exponential one with full jitter.\n"
    )


def _ranges(statuses: list[str]) -> str:
    numbers = [int(one) for one in statuses]
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def _types() -> str:
    rows = ((name, " ".join(f"`{one}`" for one in types)) for name, types in FAMILIES.items())
    return "`gateway schema FAMILY` prints a family's fields.\n\n" + table(
        ("family", "types"), rows
    )


def _fields() -> str:
    every = len(FAMILIES) - 1
    rows = (
        (
            f"`{one.name}`",
            one.kind,
            "every" if len(one.families) == every else " ".join(one.families),
            one.meaning
            + (": " + " ".join(f"`{value}`" for value in one.values)) * bool(one.values),
        )
        for one in FIELDS.values()
    )
    return "A field that is not known is left out, never null.\n\n" + table(
        ("field", "kind", "families", "means"), rows
    )


def _metrics() -> str:
    rows = (
        (f"`{one.name}`", one.kind, " ".join(f"`{label}`" for label in one.labels), one.about)
        for one in METRICS
    )
    return table(("metric", "kind", "labels", "means"), rows)


def _commands() -> str:
    context = click.Context(root, info_name="gateway")
    head = (
        "Every command takes `-c FILE`, before or after its name. Exit 0: fine; 1: it failed, or "
        "`check` found errors; 2: wrong usage.\n"
    )
    parts = [head]
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        parts += _command(command, name, context)
    return "\n".join(parts)


def _command(command: click.Command, name: str, parent: click.Context) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent)
    if isinstance(command, click.Group):
        return [
            part
            for sub in command.list_commands(context)
            for part in _command(command.get_command(context, sub), sub, context)  # type: ignore[arg-type]  # listed, so there
        ]
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [
        record
        for option in command.get_params(context)
        if isinstance(option, click.Option) and not {"--config", "--help"} & set(option.opts)
        if (record := option.get_help_record(context)) is not None
    ]
    text = f"### `{context.command_path} {usage}`\n\n{' '.join((command.help or '').split())}\n"
    if rows:
        text += "\n" + table(("option", ""), [(f"`{flags}`", about) for flags, about in rows])
    return [text]
