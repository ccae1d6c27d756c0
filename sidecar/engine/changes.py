"""The hub of changes: whoever knows of one tells it here, and metrics, logs and watchers of health hear of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..core.observation import Change, ChangeKind

Listener = Callable[[Change], None]

log = logging.getLogger("remora.engine")


class Changes:
    """Listeners are called at once, in the order they came, on the event loop; one that raises breaks nothing.

    `configuration_problem`: why the newest configuration was refused, redacted; "": it was not.
    """

    def __init__(self) -> None:
        self.configuration_problem = ""
        self._listeners: tuple[Listener, ...] = ()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """From now on the listener hears each change. Gives what ends that, which may be called more than once."""
        own = _Own(listener)
        self._listeners = (*self._listeners, own)

        def unsubscribe() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not own)

        return unsubscribe

    def tell(self, change: Change) -> None:
        """Tells every listener."""
        for listener in self._listeners:
            try:
                listener(change)
            except Exception:  # whatever a listener does wrong, the call that met the change goes on
                log.exception("a listener for changes failed")

    def configured(self, cause: str) -> None:
        """A new configuration holds: no problem is left."""
        self.configuration_problem = ""
        self.tell(Change(ChangeKind.CONFIGURED, cause))

    def refused(self, problem: str) -> None:
        """A new configuration was refused, the old one stays. `problem`: in a sentence, redacted."""
        self.configuration_problem = problem
        self.tell(Change(ChangeKind.REFUSED, problem))


class _Own:
    """One subscription: the same function may subscribe twice."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def __call__(self, change: Change) -> None:
        self._listener(change)
