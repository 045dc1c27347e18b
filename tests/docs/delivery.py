"""The parts of docs/delivery.md that are made from the code, each between two marks."""

import re
from pathlib import Path

from gateway.delivery.balance import POLICIES
from gateway.delivery.breaker import cooldown
from gateway.delivery.outcomes import OF_THE_REQUEST, TOO_MUCH, TOO_SLOW
from gateway.delivery.pace import Pace, restarted, slowed, taken
from gateway.delivery.retry import STATUSES
from gateway.model.states import MOVES, STEPS, DeliveryState
from gateway.plan.plan import BreakerPolicy
from tests.docs.tables import table

PAGE = Path(__file__).parents[2] / "docs" / "delivery.md"
ROUNDS = 9


def render() -> str:
    """The page with its made parts made anew."""
    text = PAGE.read_text("utf-8")
    for name, part in (
        ("states", states()),
        ("policies", policies()),
        ("failures", failures()),
        ("cooldown", cooldowns()),
        ("pace", paces()),
    ):
        marks = rf"(<!-- {name}: made by make docs -->\n).*?(<!-- end -->)"
        text, count = re.subn(marks, lambda m, part=part: m[1] + part + m[2], text, flags=re.S)
        assert count == 1, f"one place for {name}"
    return text


def states() -> str:
    """A diagram of what the gateway does by itself and what a person or a sender asks."""
    lines = ["stateDiagram-v2", "    [*] --> pending: accepted"]
    lines += ["    [*] --> leased: accepted, and room in memory", "    [*] --> held: paused"]
    lines += [f"    {step.leaves} --> {step.to}: {step.why}" for step in STEPS]
    asked: dict[tuple[str, str], list[str]] = {}
    for verb, move in MOVES.items():
        for leaves in sorted(move.leaves - {move.to}):
            asked.setdefault((leaves, move.to), []).append(verb)
    lines += [f"    {leaves} --> {to}: {', '.join(verbs)}" for (leaves, to), verbs in asked.items()]
    lines += [f"    {state} --> [*]" for state in DeliveryState if _is_last(state)]
    return "```mermaid\n" + "\n".join(lines) + "\n```\n"


def _is_last(state: DeliveryState) -> bool:
    left = {step.leaves for step in STEPS} | {one for move in MOVES.values() for one in move.leaves}
    return state not in left


def policies() -> str:
    """Each policy by its own words."""
    rows = [(f"`{name}`", (type(policy).__doc__ or "").splitlines()[0]) for name, policy in
            POLICIES.items()]  # fmt: skip
    return table(("`balance`", "which endpoint is next"), rows)


def failures() -> str:
    """What counts for a breaker."""
    again = sorted(set(STATUSES) - OF_THE_REQUEST)
    return table(
        ("answer", "for the breaker", "for the pace"),
        [
            ("2xx", "good", "one step faster"),
            (_listed(sorted(TOO_MUCH - {429})), "failure", "slower"),
            ("429", "good: it lives", "slower; `Retry-After` is waited for by all"),
            (f"{_listed(again)}, other 5xx", "failure", "–"),
            (_listed(sorted(OF_THE_REQUEST - {429})), "good: it speaks of this request", "–"),
            ("other 3xx and 4xx", "good: it answered", "–"),
            (f"none: {_listed(sorted(TOO_SLOW))}", "failure", "slower"),
            ("none: any other reason", "failure", "–"),
        ],
    )


def _listed(some: list[int] | list[str]) -> str:
    return ", ".join(str(one) for one in some)


def cooldowns() -> str:
    """How long a breaker of `{}` stays open."""
    policy = BreakerPolicy()
    head = ("opened in a row", *(str(n + 1) for n in range(6)))
    return table(head, [("open for", *(f"{cooldown(policy, n):g} s" for n in range(6)))])


def paces() -> str:
    """The slots of each round trip, after an outage and after a cut."""
    head = ("round trip", *(str(n + 1) for n in range(ROUNDS)))
    return table(
        head,
        [
            ("back after an outage, `concurrency: 50`", *_rounds(restarted(Pace()), 50)),
            ("cut by a 502, `concurrency: 16`", *_rounds(slowed(Pace(), 16, 1e9), 16)),
        ],
    )


def _rounds(pace: Pace, most: int) -> list[int]:
    found = []
    for _ in range(ROUNDS):
        slots = int(min(pace.slots, most))
        found.append(slots)
        for _ in range(slots):
            pace = taken(pace, most)
    return found
