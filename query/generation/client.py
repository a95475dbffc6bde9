"""One call of an OpenAI-compatible endpoint; whatever it does ends as a `Reply`.

httpx speaks HTTP. Bodies are read up to a limit and within the time of one try, trickled ones
too; a compressed one is not read, since nothing bounds what it unpacks to. Every try has a
connection of its own, which is closed with it: what trickles on for hours holds no thread.
Redirects are not followed, and neither proxies nor credentials are taken from the environment.
"""

import functools
import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from config.querying import ProviderSettings
from query.generation.endings import Ending, Reply
from query.generation.prompt import Prompt
from query.resilience import OverdueError, run_within

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 1_000_000
"""An answer of a few sentences is a thousandth of that."""

FINISHED = ("stop", "eos", "eos_token", "stop_sequence", "end_turn", "")
"""What endpoints call an end that the model chose; with any other, such as `model_length`, `error`
or `abort`, the last sentence may lack its half, and with it a "not" or an "unless"."""
MOST_SHOWN = 40


class Completes(Protocol):
    """Anything that completes a prompt."""

    def complete(self, prompt: Prompt, max_tokens: int, seconds: float) -> Reply:
        """Send a prompt; never raises."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


@dataclass
class ChatClient:
    """Calls `/chat/completions` of one provider; usable from several threads."""

    provider: ProviderSettings
    api_key: str = field(default="", repr=False)
    _open: "set[httpx.Client]" = field(default_factory=set, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def complete(self, prompt: Prompt, max_tokens: int, seconds: float) -> Reply:
        """Send a prompt and read the answer; never raises.

        Args:
            prompt: The messages.
            max_tokens: Longest answer.
            seconds: Limit of this try from end to end.
        """
        import httpx

        body = {
            "model": self.provider.model,
            "messages": list(prompt.messages),
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": False,
        }
        http = httpx.Client(verify=_trusted(), trust_env=False, follow_redirects=False)
        with self._lock:
            self._open.add(http)
        try:
            return run_within(seconds, lambda: self._exchange(http, body, seconds))
        except (OverdueError, httpx.TimeoutException):
            return Reply(Ending.TIMEOUT, detail=f"no answer within {seconds:.1f} s")
        except httpx.TransportError as error:
            return Reply(Ending.UNREACHABLE, detail=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a client library must not lose the answer
            return Reply(Ending.MALFORMED, detail=type(error).__name__)
        finally:
            with self._lock:
                self._open.discard(http)
            http.close()  # under a thread that still reads: it ends with its next byte

    def close(self) -> None:
        """Close the connections of tries that are under way."""
        with self._lock:
            under_way = tuple(self._open)
        for http in under_way:
            http.close()

    def _exchange(self, http: "httpx.Client", body: Mapping[str, Any], seconds: float) -> Reply:
        ends = time.monotonic() + seconds
        headers = {"Accept-Encoding": "identity"}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        url = f"{self.provider.url.rstrip('/')}/chat/completions"
        with http.stream("POST", url, json=body, headers=headers, timeout=seconds) as answer:
            packed = answer.headers.get("content-encoding", "identity").strip().lower()
            if answer.status_code == 200 and packed != "identity":
                return Reply(Ending.MALFORMED, detail="compressed, which was not asked for")
            parts: list[bytes] = []
            size = 0
            for part in answer.iter_raw():
                parts.append(part)
                size += len(part)
                if size > MOST_BYTES:
                    return Reply(Ending.OVER_LONG, detail=f"more than {MOST_BYTES} bytes")
                if time.monotonic() > ends:
                    return Reply(Ending.TIMEOUT, detail=f"trickled for {seconds:.1f} s")
            return read_reply(answer.status_code, answer.headers, b"".join(parts))


@functools.lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Return the authorities that are trusted; reading them takes longer than connecting."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def read_reply(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """Read what came back.

    Args:
        status: HTTP status.
        headers: HTTP headers.
        body: All of the body.
    """
    if status == 429:
        return Reply(Ending.RATE_LIMITED, detail="status 429", retry_after=_retry_after(headers))
    if status == 408:
        return Reply(Ending.TIMEOUT, detail="status 408")
    if status >= 500:
        after = _retry_after(headers)
        return Reply(Ending.SERVER_ERROR, detail=f"status {status}", retry_after=after)
    if status != 200:
        return Reply(Ending.REJECTED, detail=f"status {status}")
    try:
        answer = json.loads(body)
        choice = answer["choices"][0]
        message, finish = choice["message"], choice.get("finish_reason")
        text, refusal = message.get("content"), message.get("refusal")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        return Reply(Ending.MALFORMED, detail=type(error).__name__)
    if refusal or finish == "content_filter":
        return Reply(Ending.REFUSED, detail="the model refused")
    if text is not None and not isinstance(text, str):
        return Reply(Ending.MALFORMED, detail="the content is no text")
    if not (text or "").strip():
        return Reply(Ending.EMPTY, detail="no text")
    if finish == "length":
        return Reply(Ending.TRUNCATED, detail="cut off at max_tokens")
    if finish is not None and finish not in FINISHED:
        return Reply(Ending.TRUNCATED, detail=f"ended by {str(finish)[:MOST_SHOWN]!r}")
    return Reply(None, str(text))


def _retry_after(headers: Mapping[str, str]) -> float:
    """Read seconds; a date, or anything else, counts as not given."""
    text = headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if seconds > 0 else 0.0  # not a number is no number of seconds either
