#!/usr/bin/env python3
"""A shop in Python's standard library: it answers the platform's questions and takes its events.

    WEBHOOK_SECRET=whsec_… PORT=8080 python3 shop.py

Every POST is signed by the Standard Webhooks convention; one check serves questions and events.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
TOLERANCE_SECONDS = 300

SHEETS = {
    "notebook": {"lines": [{"name": "파이썬 공책", "quantity": 1}], "totalAmount": 7_000, "needsShipping": False},
    "last-piece": {"lines": [{"name": "마지막 공책", "quantity": 1}], "totalAmount": 8_000, "needsShipping": False},
    "sold-out": {"lines": [{"name": "품절 공책", "quantity": 1}], "totalAmount": 9_000, "needsShipping": False},
}
RESTRICTED = {"5000"}

# A real shop keeps these in its database, each in the transaction of what it causes.
seen_ids = set()
fulfilled = {}
set_aside = {}


def sign(webhook_id: str, timestamp: str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of id, time and body, in base64."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()


def is_genuine(headers, body: bytes) -> bool:
    """Whether the platform signed this body, now. While a secret is replaced there are two signatures."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    expected = sign(webhook_id, timestamp, body)
    return any(hmac.compare_digest(expected, given) for given in headers.get("webhook-signature", "").split(" "))


def order_sheet(data):
    """order-sheet.load: the goods and amounts of an order sheet id, or 404."""
    sheet = SHEETS.get(data["orderSheetId"])
    # The platform keeps the answer for as long as max-age says; prices that change by the minute say nothing.
    return (404, {}, {}) if sheet is None else (200, sheet, {"Cache-Control": "max-age=60"})


def order_policy(data):
    """order-policy.check: who may order now. Before an order is paid it comes with the order: its goods are set aside."""
    if data["buyer"]["appUserId"] in RESTRICTED:
        return 200, {"permission": "restricted"}, {}
    order = data.get("order")
    if order and order["orderSheetId"] == "last-piece":
        # Repeatable by its order id. A shop gives the piece back when payment.failed or payment.cancelled comes.
        if set_aside.setdefault("last-piece", order["partnerOrderId"]) != order["partnerOrderId"]:
            return 200, {"permission": "sold-out"}, {}
    return 200, {"permission": "allowed"}, {}


def fulfil(data):
    """order.fulfil: the order is paid. Asked again until it is answered, so it is repeatable by its order id."""
    if data["orderSheetId"] == "sold-out":
        return 200, {"refused": "죄송합니다. 방금 품절되었습니다."}, {}
    fulfilled.setdefault(data["partnerOrderId"], data["lines"])
    return 200, {}, {}


QUESTIONS = {"order-sheet.load": order_sheet, "order-policy.check": order_policy, "order.fulfil": fulfil}


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not is_genuine(self.headers, body):
            return self.answer(401, {})
        message = json.loads(body)
        kind, data = message["type"], message["data"]
        if kind in QUESTIONS:
            tell(kind, data)
            return self.answer(*QUESTIONS[kind](data))
        # An event: at least once, so what was seen is not done again.
        if self.headers["webhook-id"] not in seen_ids:
            seen_ids.add(self.headers["webhook-id"])
            tell(kind, data)
        return self.answer(204, None)

    def answer(self, status, content, headers=None):
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet: addresses and bodies hold customers' data."""


def tell(kind, data):
    print(json.dumps({"type": kind, "about": data.get("partnerOrderId") or data.get("orderSheetId")}), flush=True)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Shop)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
