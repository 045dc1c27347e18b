"""A delivery's states and reasons, and who may move it from one to another: a table, not branches.

Nothing here acts. The store, the dispatcher and the operator's commands all ask `MOVES`.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    LEASED = "leased"
    HELD = "held"
    DELIVERED = "delivered"
    CANCELED = "canceled"
    SUPERSEDED = "superseded"
    DEAD = "dead"


class Reason(StrEnum):
    """Why a delivery is in its state. Closed; each belongs to the states `REASONS` names."""

    NEW = "new"
    RETRY = "retry"
    REVIVED = "revived"
    BREAKER_OPEN = "breaker_open"
    RATE = "rate"
    PAUSED = "paused"
    TARGET_GONE = "target_gone"
    ROUTE_GONE = "route_gone"
    EXPRESSION = "expression"
    ORDER = "order"
    AUTH = "auth"
    STATUS = "status"
    WINDOW = "window"
    ATTEMPTS = "attempts"
    GONE = "gone"
    POISON = "poison"
    DONE = "done"
    BY_PERSON = "by_person"
    NOT_WANTED = "not_wanted"


REASONS: MappingProxyType[DeliveryState, tuple[Reason, ...]] = MappingProxyType(
    {
        DeliveryState.PENDING: (
            Reason.NEW,
            Reason.RETRY,
            Reason.REVIVED,
            Reason.BREAKER_OPEN,
            Reason.RATE,
        ),
        DeliveryState.LEASED: (Reason.NEW, Reason.RETRY, Reason.REVIVED),
        DeliveryState.HELD: (
            Reason.PAUSED,
            Reason.TARGET_GONE,
            Reason.ROUTE_GONE,
            Reason.EXPRESSION,
            Reason.ORDER,
            Reason.AUTH,
        ),
        DeliveryState.DELIVERED: (Reason.DONE,),
        DeliveryState.CANCELED: (Reason.BY_PERSON, Reason.NOT_WANTED),
        DeliveryState.SUPERSEDED: (Reason.DONE,),
        DeliveryState.DEAD: (
            Reason.STATUS,
            Reason.WINDOW,
            Reason.ATTEMPTS,
            Reason.GONE,
            Reason.POISON,
        ),
    }
)

FINAL = frozenset({DeliveryState.DELIVERED, DeliveryState.CANCELED, DeliveryState.SUPERSEDED})
"""Never left again; a replay makes a new delivery."""


class Verb(StrEnum):
    """What a person, a sender's redelivery or a change of configuration asks of deliveries."""

    RETRY = "retry"
    CANCEL = "cancel"
    REVIVE = "revive"
    HOLD = "hold"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Move:
    """What a verb does."""

    leaves: frozenset[DeliveryState]
    to: DeliveryState
    new_window: bool
    """Starts a new retry window and a new count of attempts (`Gateway-Attempt` counts on)."""
    waits_on: bool = False
    """What was never tried still waits for its own time (`delay`, `debounce`); else it is due."""


_S = DeliveryState
MOVES: MappingProxyType[Verb, Move] = MappingProxyType(
    {
        Verb.RETRY: Move(frozenset({_S.DEAD, _S.HELD, _S.PENDING}), _S.PENDING, new_window=True),
        Verb.CANCEL: Move(frozenset({_S.PENDING, _S.HELD}), _S.CANCELED, new_window=False),
        Verb.REVIVE: Move(frozenset({_S.DEAD}), _S.PENDING, new_window=True),
        Verb.HOLD: Move(frozenset({_S.PENDING}), _S.HELD, new_window=False),
        Verb.RELEASE: Move(frozenset({_S.HELD}), _S.PENDING, new_window=True, waits_on=True),
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """What the gateway does by itself."""

    leaves: DeliveryState
    to: DeliveryState
    why: str


STEPS: tuple[Step, ...] = (
    Step(_S.PENDING, _S.LEASED, "due, and its target may be tried"),
    Step(_S.PENDING, _S.SUPERSEDED, "a later one of its burst"),
    Step(_S.PENDING, _S.HELD, "the one before it in its lane is dead, on_dead: hold"),
    Step(_S.HELD, _S.SUPERSEDED, "a later one of its burst"),
    Step(_S.HELD, _S.PENDING, "its lane goes on"),
    Step(_S.LEASED, _S.DELIVERED, "answered 2xx"),
    Step(_S.LEASED, _S.PENDING, "tried again later, or not tried after all"),
    Step(_S.LEASED, _S.DEAD, "refused for good, window or attempts used up, five deaths"),
    Step(_S.LEASED, _S.HELD, "paused, cannot be rendered, its route or target is gone"),
    Step(_S.LEASED, _S.CANCELED, "judged again, and not wanted"),
)
"""An event's commit makes a delivery pending, leased or held; then these, and `MOVES`."""


class Trigger(StrEnum):
    """What caused an attempt: the value of `Gateway-Trigger`."""

    INITIAL = "initial"
    RETRY = "retry"
    REVIVE = "revive"
    MANUAL = "manual"
    REPLAY = "replay"


class ErrorClass(StrEnum):
    """How an attempt failed where the answer's status alone does not say it. Closed."""

    DNS = "dns"
    REFUSED = "refused"
    RESET = "reset"
    CONNECT_TIMEOUT = "connect_timeout"
    TIMEOUT = "timeout"
    TLS_EXPIRED = "tls_expired"
    TLS_NAME = "tls_name"
    TLS = "tls"
    STATUS = "status"
    REDIRECT = "redirect"
    TOO_LARGE = "too_large"
