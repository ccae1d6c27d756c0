"""Where the serving process has its configuration from: loads it, and knows when there is something new to load."""

from __future__ import annotations

import threading

from .child import ENVIRONMENT, Loading
from .outcome import Outcome
from .watching import POLL_S, UNSETTLED_POLL_S, Watcher


class Source:
    """A file, or the environment (`path` None), which nothing can change. The first load begins at once.

    Blocking: `load` and `look` belong on another thread than an event loop's, one at a time. `close` may come from any.
    """

    def __init__(self, path: str | None) -> None:
        self.path = path
        self.name = path or ENVIRONMENT
        self._watcher = Watcher([path] if path is not None else [])
        self._mark = self._watcher.mark()
        self._lock = threading.Lock()
        self._is_closed = False
        self._loading: Loading | None = Loading(path)

    def load(self) -> Outcome:
        """Loads what is there now; the first time, the load begun when this object was made."""
        loading, mark = self._loading, self._mark
        if loading is None:
            mark = self._watcher.mark()
            loading = self._begin()
        outcome = loading.result()
        self._loading = None
        self._watcher.loaded(mark, [*([self.path] if self.path is not None else []), *outcome.files])
        return outcome

    def look(self, now: float) -> bool:
        """Whether something new is there to be loaded, and at rest. `now`: monotonic seconds."""
        return self._watcher.look(now)

    @property
    def look_again_s(self) -> float:
        """When to look next: sooner while a change has not come to rest."""
        return POLL_S if self._watcher.is_settled else UNSETTLED_POLL_S

    def digest(self, path: str) -> bytes | None:
        """Of a watched file's content as it was loaded last; None if it is not watched or could not be read."""
        return self._watcher.digests.get(path)

    def close(self) -> None:
        """Ends a load under way; its outcome is a problem then."""
        with self._lock:
            self._is_closed = True
            if self._loading is not None:
                self._loading.cancel()

    def _begin(self) -> Loading:
        with self._lock:
            loading = self._loading = Loading(self.path)
            if self._is_closed:
                loading.cancel()
            return loading
