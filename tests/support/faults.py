"""The faults a `FaultProxy` can be told to make; each handles one request."""

import re

from tests.support.fault_proxy import Exchange, Fault, framed

LONG = 120.0
"""Seconds of what never ends; it does when the client hangs up or the proxy is stopped."""


def reset(exchange: Exchange) -> None:
    """Break the connection; the store never hears of the request."""
    exchange.reset()


def drop_reply(exchange: Exchange) -> None:
    """Let the store carry the request out and close without a word."""
    exchange.forward()
    exchange.hang_up()


def reset_midway(exchange: Exchange) -> None:
    """Break the connection in the middle of the answer."""
    exchange.send(_half(exchange.forward()))
    exchange.reset()


def truncate(exchange: Exchange) -> None:
    """Close in good order in the middle of the answer."""
    exchange.send(_half(exchange.forward()))
    exchange.hang_up()


def broken_json(exchange: Exchange) -> None:
    """Answer with half of the JSON, as if that was all of it."""
    _, body = _split(exchange.forward())
    exchange.send(framed(200, "OK", [("Content-Type", "application/json")], body[: len(body) // 2]))


def html(exchange: Exchange) -> None:
    """Answer with the page of a gateway; the store never hears of the request."""
    page = b"<html><body><h1>Welcome to the gateway</h1></body></html>"
    exchange.send(framed(200, "OK", [("Content-Type", "text/html")], page))


def half_open(exchange: Exchange) -> None:
    """Take the request and never answer."""
    exchange.linger(LONG)
    exchange.hang_up()


def trickle(exchange: Exchange) -> None:
    """Answer with one byte a second."""
    for byte in exchange.forward():
        if not exchange.open or exchange.stopped:
            return
        exchange.send(bytes([byte]))
        exchange.linger(1.0)


def unapplied(exchange: Exchange) -> None:
    """Say that the write was taken, not that it is applied."""
    head, body = _split(exchange.forward())
    status = int(head.split()[1])
    changed = re.sub(rb'"status":\s*"completed"', b'"status":"acknowledged"', body)
    exchange.send(framed(status, "OK", [("Content-Type", "application/json")], changed))


def answer(status: int, retry_after: str | None = None) -> Fault:
    """Answer with a status; the store never hears of the request."""

    def answered(exchange: Exchange) -> None:
        headers = [("Content-Type", "application/json")]
        if retry_after is not None:
            headers.append(("Retry-After", retry_after))
        body = b'{"status":{"error":"Service internal error: try later"},"time":0.0}'
        exchange.send(framed(status, "Fault", headers, body))

    answered.__name__ = f"answer_{status}"
    return answered


def late(seconds: float) -> Fault:
    """Pass the request on only after so long, whether the client still waits or not."""

    def delayed(exchange: Exchange) -> None:
        exchange.wait(seconds)
        exchange.send(exchange.forward())

    delayed.__name__ = "late"
    return delayed


def _split(whole: bytes) -> tuple[bytes, bytes]:
    head, _, body = whole.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", body


def _half(whole: bytes) -> bytes:
    head, body = _split(whole)
    return head + body[: len(body) // 2]
