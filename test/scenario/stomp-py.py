# The scenario through stomp.py, over TCP: reads the steps as JSON from its argument, prints the results.
import json
import queue
import sys

import stomp

PORT = int(sys.argv[1])
TIMEOUT = 15


class Actor(stomp.ConnectionListener):
    def __init__(self, name):
        self.name = name
        self.receipts = 0
        self.events = queue.Queue()
        self.unread = {}
        self.latest = {}
        self.connection = stomp.Connection12([("127.0.0.1", PORT)])
        self.connection.set_listener("scenario", self)

    def on_connected(self, frame):
        self.events.put(("connected", None))

    def on_error(self, frame):
        self.events.put(("error", frame.headers["message"]))

    def on_receipt(self, frame):
        self.events.put(("receipt", frame.headers["receipt-id"]))

    def on_message(self, frame):
        self.events.put(("message", frame))

    def connect(self, passcode):
        self.connection.connect(self.name, passcode)
        kind, value = self.events.get(timeout=TIMEOUT)
        return value if kind == "error" else None

    def receive(self):
        kind, value = self.events.get(timeout=TIMEOUT)
        if kind == "message":
            self.unread[value.headers["subscription"]].append(value)
        elif kind == "error":
            raise RuntimeError(value)
        return kind, value

    # Sends a frame and waits for its receipt, or for a problem, which replaces the receipt.
    def answered(self, send):
        self.receipts += 1
        receipt = f"r-{self.receipts}"
        send(receipt)
        while True:
            kind, value = self.receive()
            if (kind, value) == ("receipt", receipt):
                return
            if kind == "message" and value.headers["subscription"] == "problems":
                return

    def next(self, subscription):
        while not self.unread[subscription]:
            self.receive()
        self.latest[subscription] = self.unread[subscription].pop(0)
        return self.latest[subscription]

    def run(self, step):
        do, connection = step["do"], self.connection
        if do == "subscribe":
            name, ack = step["subscription"], step.get("ack", "auto")
            self.unread[name] = []
            self.answered(lambda receipt: connection.subscribe(step["destination"], name, ack, receipt=receipt))
        elif do == "send":
            more = {"transaction": step["transaction"]} if "transaction" in step else {}
            body = json.dumps(step["payload"])
            self.answered(
                lambda receipt: connection.send(step["destination"], body, "application/json", receipt=receipt, **more)
            )
        elif do == "next":
            frame = self.next(step["subscription"])
            return [result(self.name, step["subscription"], frame)]
        elif do == "count":
            self.answered(lambda receipt: connection.send("/topic/without/subscribers", "", receipt=receipt))
            unread = len(self.unread[step["subscription"]])
            self.unread[step["subscription"]] = []
            return [{"client": self.name, "subscription": step["subscription"], "unread": unread}]
        elif do in ("ack", "nack"):
            ack = self.latest[step["subscription"]].headers["ack"]
            self.answered(lambda receipt: getattr(connection, do)(ack, receipt=receipt))
        elif do in ("begin", "commit", "abort"):
            self.answered(lambda receipt: getattr(connection, do)(step["transaction"], receipt=receipt))
        elif do == "unsubscribe":
            self.answered(lambda receipt: connection.unsubscribe(step["subscription"], receipt=receipt))
        elif do == "disconnect":
            connection.disconnect()
        return []


def result(client, subscription, frame):
    headers, payload = frame.headers, frame.body
    if headers.get("content-type", "").startswith("application/json"):
        payload = json.loads(payload)
    if isinstance(payload, dict) and "code" in payload:
        payload = {"code": payload["code"], "destination": payload.get("destination")}
    return {
        "client": client,
        "subscription": subscription,
        "destination": headers["destination"],
        "payload": payload,
        "redelivered": headers.get("redelivered") == "true",
    }


actors, results = {}, []
for step in json.loads(sys.argv[2]):
    if step["do"] != "connect":
        results += actors[step["client"]].run(step)
        continue
    actor = Actor(step["client"])
    refused = actor.connect(step["passcode"])
    if refused is None:
        actors[step["client"]] = actor
    else:
        results.append({"client": step["client"], "refused": refused})
print(json.dumps(results))
