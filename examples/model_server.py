"""Serves a model without a guard, in the shape of OpenAI's completions and chats with log-probabilities.

    python examples/model_server.py [--model smollm2-135m] [--port 8000] [--hosted]

It is what `guardbind.connect` is tried with where no other server is at hand: real weights, one request after another.
Without `--hosted` it has the extras that vLLM has: token ids in and out, log-probabilities of tokens by request,
`/tokenize`, a begun answer, a choice among values. With it, it has what a hosted service has: chats, twenty tokens of a
ranking as texts, no completions; what else is asked for is dropped without a word.

Needs fastapi and uvicorn: pip install "guardbind[server]".
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from serving.plain_model import PlainModel
from serving.plain_shape import AskedChat, AskedText, Shaper
from serving.threaded import ThreadedServer

from guardbind import load

__all__ = ["ModelServer"]


class ModelServer(ThreadedServer):
    """A server of one model.

    Args:
        model: A decoder-only model.
        tokenizer: Its tokenizer.
        name: What the model is called.
        hosted: Return what a hosted service returns, and no more.
        host: Address to listen on.
        port: Port; 0: a free one.
    """

    def __init__(
        self, model: Any, tokenizer: Any, name: str, *, hosted: bool = False, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.name, self.hosted = name, hosted
        self._plain = PlainModel(model, tokenizer)
        self._shaper = Shaper(self._plain, extras=not hosted)
        app = FastAPI(title="a model without a guard")
        app.add_api_route("/v1/models", self.models, methods=["GET"])
        app.add_api_route("/v1/chat/completions", self.chat, methods=["POST"], response_model=None)
        if not hosted:
            app.add_api_route("/v1/completions", self.completions, methods=["POST"], response_model=None)
            app.add_api_route("/tokenize", self.tokenize, methods=["POST"], response_model=None)
            app.add_api_route("/detokenize", self.detokenize, methods=["POST"], response_model=None)
        app.add_exception_handler(Exception, failed)
        super().__init__(uvicorn.Config(app, host=host, port=port, log_level="warning"))

    # Plain functions: they run in a pool of threads, so that a long answer does not keep the others from being heard.

    def models(self) -> dict[str, Any]:
        """List the one model."""
        return {"object": "list", "data": [{"id": self.name, "object": "model", "created": 0, "owned_by": "local"}]}

    def completions(self, asked: AskedText) -> Any:
        """Answer a request for a completion."""
        if asked.model != self.name:
            return refused(404, f"the model {asked.model!r} does not exist.")
        ids = self._ids(asked.prompt) if isinstance(asked.prompt, str) else list(asked.prompt)
        if not ids:
            return refused(400, "the prompt is empty.")
        written = self._plain.write(ids, asked.decoding(extras=True))
        text, logprobs = written.text, None
        if asked.logprobs is not None:
            told, rows = list(written.ids), list(written.rows[: len(written.ids)])
            if asked.echo:
                told, rows = [*ids, *told], [None, *self._plain.score(ids), *rows]  # type: ignore[list-item]
            logprobs = self._shaper.text_logprobs(told, rows, asked)
        if asked.echo:
            text = self._plain.tokenizer.decode(ids) + text
        choice = {"index": 0, "text": text, "logprobs": logprobs, "finish_reason": written.finished}
        return self._answer("text_completion", choice, len(ids), len(written.rows))

    def chat(self, asked: AskedChat) -> Any:
        """Answer a chat."""
        if asked.model != self.name:
            return refused(404, f"the model {asked.model!r} does not exist.")
        goes_on = asked.continue_final_message and not self.hosted
        ids = self._of_chat(asked.messages, goes_on, asked.add_generation_prompt or self.hosted)
        written = self._plain.write(ids, asked.decoding(extras=not self.hosted))
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": written.text},
            "logprobs": self._shaper.chat_logprobs(written, asked) if asked.logprobs else None,
            "finish_reason": written.finished,
        }
        return self._answer("chat.completion", choice, len(ids), len(written.rows))

    def tokenize(self, asked: dict[str, Any]) -> Any:
        """Return the tokens of a text or of a chat."""
        if "messages" in asked:
            ids = self._of_chat(asked["messages"], False, bool(asked.get("add_generation_prompt", True)))
        else:
            ids = self._ids(str(asked["prompt"]), special=bool(asked.get("add_special_tokens", True)))
        return {"tokens": ids, "count": len(ids)}

    def detokenize(self, asked: dict[str, Any]) -> Any:
        """Return the text of tokens."""
        return {"prompt": self._plain.tokenizer.decode([int(token) for token in asked["tokens"]])}

    def _ids(self, text: str, *, special: bool = True) -> list[int]:
        return list(self._plain.tokenizer(text, add_special_tokens=special)["input_ids"])

    def _of_chat(self, messages: list[dict[str, Any]], goes_on: bool, opens: bool) -> list[int]:
        how = {"continue_final_message": True} if goes_on else {"add_generation_prompt": opens}
        text = self._plain.tokenizer.apply_chat_template(messages, tokenize=False, **how)
        return self._ids(str(text), special=False)

    def _answer(self, kind: str, choice: dict[str, Any], read: int, new: int) -> dict[str, Any]:
        usage = {"prompt_tokens": read, "completion_tokens": new, "total_tokens": read + new}
        head = {"id": "plain", "object": kind, "created": int(time.time()), "model": self.name}
        return {**head, "choices": [choice], "usage": usage}

    @property
    def url(self) -> str:
        """Address of its interface, once it has started."""
        return f"{self.root}/v1"


def refused(status: int, message: str) -> JSONResponse:
    """Return an error in OpenAI's shape."""
    return JSONResponse({"error": {"message": message, "type": "invalid_request_error", "code": None}}, status)


async def failed(_request: Request, error: Exception) -> JSONResponse:
    """Answer with an error, without a word of the prompt."""
    return refused(500, f"the request failed inside the server ({type(error).__name__}).")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--hosted", action="store_true", help="return what a hosted service returns, and no more")
    options = parser.parse_args()
    model, tokenizer = load(options.model)
    server = ModelServer(model, tokenizer, options.model, hosted=options.hosted, host=options.host, port=options.port)
    thread = server.in_thread()
    print(f"{options.model} is served at {server.url}")
    try:
        while thread.is_alive():
            thread.join(1.0)
    except KeyboardInterrupt:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
