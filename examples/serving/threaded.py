"""Runs a server of uvicorn in a thread, so that a program, or a test, can ask it and go on."""

from __future__ import annotations

import threading
import time

import uvicorn

__all__ = ["ThreadedServer"]


class ThreadedServer(uvicorn.Server):
    """A server that says where it listens, and can run in a thread."""

    @property
    def root(self) -> str:
        """Where it listens, once it has started."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    def in_thread(self) -> threading.Thread:
        """Run in a thread until `should_exit` is set; returns when it listens."""
        thread = threading.Thread(target=self.run, name=type(self).__name__, daemon=True)
        thread.start()
        while not self.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start; see its log.")
            time.sleep(0.01)
        return thread
