"""Serves a guarded model in the shape of OpenAI's chat completions, with batches, streams, figures and a graceful stop.

    python examples/server.py [--model smollm2-135m] [--port 8000]
    python examples/server.py --load 200 --clients 8        # serve, ask, check every answer, and stop
    python examples/server.py --layers 24                   # what the guard and the server cost, layer by layer

Needs fastapi, uvicorn and the exporter for Prometheus: pip install "guardbind[server]".
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import threading
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError
from serving.batching import Answer, Batcher, Closed, Failure, Full, Job
from serving.metrics import Metrics
from serving.shape import ApiError, ChatRequest, chunk, completion, usage
from serving.threaded import ThreadedServer

from guardbind import Guard, GuardbindError, GuardConfig, load

__all__ = ["Limits", "Server", "Service"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may ask for, and how much is done at once."""

    max_batch: int = 8
    max_queue: int = 64
    batch_wait: float = 0.01
    max_tokens: int = 256
    max_prompt_tokens: int = 1024
    max_body: int = 1 << 20


class Service:
    """A guarded model behind HTTP.

    Args:
        guard: The guard; the service's thread is the only one that runs it.
        name: What the model is called.
        limits: What is allowed.
        metrics: Its figures; the guard's are among them if its sinks have `Metrics.sink`.
    """

    def __init__(self, guard: Guard, name: str, limits: Limits | None = None, metrics: Metrics | None = None) -> None:
        self.limits = limits or Limits()
        self.name = name
        self._tokenizer: Any = guard.tokenizer
        self.batcher = Batcher(
            guard,
            max_batch=self.limits.max_batch,
            max_queue=self.limits.max_queue,
            wait=self.limits.batch_wait,
            watch=lambda rows: self.metrics.batch(rows),
        )
        self.metrics = metrics or Metrics()
        self.metrics.watch(lambda: self.batcher.waiting)
        self.app = self._app()

    def _app(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            yield
            await run_in_threadpool(self.batcher.close)

        app = FastAPI(title="guardbind", lifespan=lifespan)
        app.add_api_route("/v1/chat/completions", self.chat, methods=["POST"], response_model=None)
        app.add_api_route("/v1/models", self.models, methods=["GET"])
        app.add_api_route("/metrics", self.show_metrics, methods=["GET"], response_model=None)
        app.add_api_route("/healthz", self.health, methods=["GET"], response_model=None)
        app.add_exception_handler(ApiError, self.refuse)
        app.add_exception_handler(Exception, self.refuse)
        return app

    async def models(self) -> dict[str, Any]:
        """List the one model."""
        return {"object": "list", "data": [{"id": self.name, "object": "model", "created": 0, "owned_by": "local"}]}

    async def health(self) -> Response:
        """Say whether requests are taken."""
        return JSONResponse({"ok": self.batcher.alive}, 200 if self.batcher.alive else 503)

    async def show_metrics(self) -> Response:
        """Show the figures."""
        return Response(self.metrics.text(), media_type=self.metrics.content_type)

    async def refuse(self, _request: Request, error: Exception) -> Response:
        """Answer with an error, in OpenAI's shape and without a word of the prompt."""
        if not isinstance(error, ApiError):
            error = ApiError(500, "the request failed inside the server.", "internal_error")
        self.metrics.refused(error.status)
        return JSONResponse(error.body, error.status)

    async def chat(self, request: Request) -> Response:
        """Answer a chat."""
        began = time.monotonic()
        asked = await self._read(request)
        if not self.batcher.alive:
            raise ApiError(503, "the server is stopping; ask another one.", "stopping")
        ids = await run_in_threadpool(self._prompt, asked)
        events: asyncio.Queue[str | Answer | Failure] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(event: str | Answer | Failure) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(events.put_nowait, event)

        job = Job(ids, self._length(asked, len(ids)), asked.sampling, tell, streams=asked.stream)
        try:
            self.batcher.submit(job)
        except Full:
            raise ApiError(429, f"{self.limits.max_queue} requests wait already; try again later.", "busy") from None
        except Closed:
            raise ApiError(503, "the server is stopping; ask another one.", "stopping") from None
        if asked.stream:
            return StreamingResponse(self._stream(asked, job, events, began), media_type="text/event-stream")
        try:
            event = await events.get()
        finally:
            job.cancelled = True  # does nothing to one that has ended
        if isinstance(event, Failure):
            raise failed(event.error)
        assert isinstance(event, Answer)
        self.metrics.answered(time.monotonic() - began)
        return JSONResponse(completion(self.name, len(ids), event))

    async def _stream(
        self, asked: ChatRequest, job: Job, events: asyncio.Queue[str | Answer | Failure], began: float
    ) -> AsyncIterator[str]:
        name, created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
        try:
            yield sse(chunk(self.name, name, created))
            while isinstance(event := await events.get(), str):
                yield sse(chunk(self.name, name, created, text=event))
            if isinstance(event, Failure):
                error = failed(event.error)
                self.metrics.refused(error.status)
                yield sse(error.body)
                return
            self.metrics.answered(time.monotonic() - began)
            yield sse(chunk(self.name, name, created, answer=event))
            if asked.stream_options is not None and asked.stream_options.include_usage:
                last = chunk(self.name, name, created, answer=event)
                yield sse({**last, "choices": [], "usage": usage(len(job.ids), event)})
            yield "data: [DONE]\n\n"
        finally:
            job.cancelled = True  # the client may have gone

    async def _read(self, request: Request) -> ChatRequest:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > self.limits.max_body:
                raise ApiError(400, f"the body is longer than {self.limits.max_body} bytes.", "body_too_long")
        try:
            asked = ChatRequest.model_validate_json(bytes(body))
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            param = ".".join(map(str, first["loc"])) or None
            raise ApiError(400, f"{param or 'the body'}: {first['msg']}.", "invalid_request", param) from None
        if asked.model != self.name:
            raise ApiError(404, f"there is no such model here; {self.name!r} is served.", "model_not_found", "model")
        return asked

    def _prompt(self, asked: ChatRequest) -> list[int]:
        """Return the tokens of a chat; whatever a message holds, the worst that comes of it is an error 400."""
        messages = [{"role": message.role, "content": message.text} for message in asked.messages]
        # A text that spells a turn's marks would begin a turn of its own (docs/security.md).
        marks = [mark for mark in self._tokenizer.all_special_tokens if mark]
        if any(mark in message["content"] for message in messages for mark in marks):
            raise ApiError(400, f"a message holds one of {', '.join(marks)}, which part turns.", "mark", "messages")
        try:
            text = str(self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
            ids = list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        except Exception as error:
            kind = type(error).__name__
            raise ApiError(
                400, f"the messages do not fit the model's template ({kind}).", "template", "messages"
            ) from None
        if len(ids) > self.limits.max_prompt_tokens:
            raise ApiError(
                400,
                f"the prompt has {len(ids)} tokens; {self.limits.max_prompt_tokens} are accepted.",
                "context_length_exceeded",
                "messages",
            )
        return ids

    def _length(self, asked: ChatRequest, prompt: int) -> int:
        wanted = asked.max_completion_tokens or asked.max_tokens or min(64, self.limits.max_tokens)
        if wanted > self.limits.max_tokens:
            raise ApiError(
                400, f"max_tokens is {wanted}; at most {self.limits.max_tokens} are written.", "too_long", "max_tokens"
            )
        return wanted


def failed(error: Exception) -> ApiError:
    """Return the error that a client sees for one that a guarded call raised."""
    if isinstance(error, GuardbindError):
        return ApiError(422, f"the request cannot be guarded ({type(error).__name__}).", "not_guarded")
    return ApiError(500, "the request failed inside the server.", "internal_error")


def sse(data: dict[str, Any]) -> str:
    """Return one event of a stream."""
    return f"data: {json.dumps(data)}\n\n"


class Server(ThreadedServer):
    """A server whose first signal to stop lets what has begun end, while new requests get a 503.

    Args:
        service: What is served.
        host: Address to listen on.
        port: Port; 0: a free one.
    """

    def __init__(self, service: Service, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(uvicorn.Config(service.app, host=host, port=port, log_level="warning"))
        self.service = service
        self._stopping: threading.Thread | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop gracefully at the first signal, at once at the second."""
        if self._stopping is None:
            self.stop()
        else:
            super().handle_exit(sig, frame)

    def stop(self) -> None:
        """Begin to stop; returns at once."""
        self._stopping = threading.Thread(target=self._drain, name="stop", daemon=True)
        self._stopping.start()

    def _drain(self) -> None:
        self.service.batcher.close()
        self.should_exit = True

    @property
    def url(self) -> str:
        """Where it listens, once it has started."""
        return self.root


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--max-batch", type=int, default=Limits().max_batch)
    parser.add_argument("--max-queue", type=int, default=Limits().max_queue)
    parser.add_argument("--calibration", default=os.environ.get("GUARDBIND_CALIBRATION"), metavar="DIR")
    parser.add_argument("--load", type=int, metavar="REQUESTS", help="ask so many times, check every answer, and stop")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--layers", type=int, metavar="REQUESTS", help="measure what each layer costs, and stop")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    model, tokenizer = load(options.model)
    if options.layers:
        from serving.layers import run_layers

        print(run_layers(model, tokenizer, options.layers, options.max_batch))
        return
    limits = Limits(max_batch=options.max_batch, max_queue=options.max_queue)
    metrics = Metrics()
    guard = Guard(model, tokenizer, GuardConfig(sinks=(metrics.sink,), calibration=options.calibration))
    service = Service(guard, options.model, limits, metrics)
    server = Server(service, options.host, 0 if options.load else options.port)
    if not options.load:
        server.run()
        return
    from serving.load import run_load

    thread = server.in_thread()
    result = run_load(server.url, options.model, requests=options.load, clients=options.clients)
    server.stop()
    thread.join()
    print(json.dumps(result, indent=2))
    if result["lost"] or result["reports_of_others"] or result["ok_but_wrong"]:
        raise SystemExit("an answer was lost, a report is another request's, or a wrong number was called ok.")


if __name__ == "__main__":
    main()
