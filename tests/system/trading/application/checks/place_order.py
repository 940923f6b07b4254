# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places an order as a user does, and reads it back: place_order.py http://HOST:PORT"""
import json
import sys
import urllib.request
import uuid


def ask(url, order=None):
    data = json.dumps(order).encode() if order else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return json.load(answer)


api = sys.argv[1] + "/api/orders"
order = {"symbol": "KIS", "side": "buy", "quantity": 1, "price": 20, "user": "user-0", "client_id": f"check-{uuid.uuid4()}"}
placed = ask(api, order)
stored = ask(f"{api}/{placed['id']}")
wrong = {name: stored[name] for name in order if stored[name] != order[name]}
print(f"Order {placed['id']} is stored" + (f", but with {wrong}" if wrong else " as it was placed"))
sys.exit(1 if wrong else 0)
