"""What became of leased deliveries, on its way to the recorder; and what was not tried after all."""

from collections.abc import Callable

from gateway.delivery.recorder import Recorder
from gateway.model.ids import Seq
from gateway.model.records import Result, Work
from gateway.model.states import DeliveryState, Reason


class Results:
    """Nothing is recorded before there is a recorder: nothing was begun then either."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """clock: unix seconds."""
        self._clock = clock
        self.recorder: Recorder | None = None

    @property
    def healthy(self) -> bool:
        """Whether results can be recorded, as far as the recorder knows."""
        return self.recorder is not None and self.recorder.healthy

    def record(self, target: str, result: Result) -> None:
        """Takes what became of a target's delivery."""
        if self.recorder is not None:
            self.recorder.add(target, result)

    def put_back(self, work: Work, after: float = 0.0) -> None:
        """Of an attempt that was not made: its delivery waits in the store again, for so many
        seconds."""
        reason = Reason.RETRY if work.delivery.attempts else Reason.NEW
        self.wait(work.delivery.target, work.delivery.seq, reason, after)

    def wait(self, target: str, seq: Seq, reason: Reason, after: float) -> None:
        """A target's delivery waits in the store, for so many seconds."""
        at = self._clock() + after
        self.record(target, Result(seq, DeliveryState.PENDING, reason, "", at, None))
