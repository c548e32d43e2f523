"""A receiver of Fretwatch's webhooks: checks the signature, drops what came before, logs one JSON line a request.

    ONCALL_SECRET=whsec_... python examples/receiver/receiver.py --port 9900 --log var/received.jsonl

Needs nothing but `pip install standardwebhooks`.
"""

import argparse
import contextlib
import json
import os
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks.webhooks import Webhook

MAX_BODY = 20_000


def serve(port: int, log: Path, secret: str, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """A server that is bound and ready for `serve_forever()`; port 0 takes any free one."""
    log.parent.mkdir(parents=True, exist_ok=True)
    seen = _seen_before(log)
    lock = threading.Lock()
    webhook = Webhook(secret)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(min(length, MAX_BODY))
            verified = _is_verified(webhook, body, dict(self.headers))
            line = _line(body, self.headers.get("webhook-id", ""), verified)
            with lock:
                line["duplicate"] = verified and line["webhook_id"] in seen
                if verified:
                    seen.add(str(line["webhook_id"]))
                with log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
            # Your own work goes here, once per id: `if verified and not line["duplicate"]`.
            self.send_response(204 if verified else 401)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the console quiet: the log file has it all."""

    return ThreadingHTTPServer((host, port), Receiver)


def _is_verified(webhook: Webhook, body: bytes, headers: dict[str, str]) -> bool:
    try:
        webhook.verify(body, headers)
    except Exception:  # noqa: BLE001 - a malformed signature raises more than the library's own error
        return False
    return True


def _line(body: bytes, webhook_id: str, verified: bool) -> dict[str, object]:
    line: dict[str, object] = {"received_at": datetime.now(UTC).isoformat(), "webhook_id": webhook_id}
    message = json.loads(body) if verified else {}
    alert = message.get("data", {}).get("alert", {})
    facts = {"type": message.get("type"), "level": alert.get("level"), "title": alert.get("title")}
    return line | facts | {"alert": alert.get("id"), "at": message.get("timestamp"), "verified": verified}


def _seen_before(log: Path) -> set[str]:
    if not log.exists():
        return set()
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return {line["webhook_id"] for line in lines if line["verified"]}


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Receive Fretwatch's webhooks and log them.")
    parser.add_argument("--port", type=int, default=9900)
    parser.add_argument("--log", type=Path, default=Path("received.jsonl"))
    parser.add_argument("--secret-env", default="FRETWATCH_RECEIVER_SECRET", help="variable that holds whsec_...")
    options = parser.parse_args()
    secret = os.environ.get(options.secret_env, "")
    if not secret:
        sys.stderr.write(f"Set {options.secret_env} to the endpoint's secret (whsec_...), or name another variable.\n")
        return 2
    try:
        server = serve(options.port, options.log, secret)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"Cannot receive on port {options.port} with that secret: {error}\n")
        return 1
    sys.stdout.write(f"ready http://127.0.0.1:{server.server_address[1]} log {options.log}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
