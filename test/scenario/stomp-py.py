# The scenario through stomp.py, over TCP: reads the steps as JSON from its input, prints what its clients saw.
import json
import queue
import sys

import stomp

PORT = int(sys.argv[1])
PATIENCE = 15


class Actor(stomp.ConnectionListener):
    def __init__(self, who):
        self.who = who
        self.receipts = 0
        self.told = queue.Queue()
        self.unread = {}
        self.latest = {}
        self.connection = stomp.Connection12([("127.0.0.1", PORT)])
        self.connection.set_listener("scenario", self)

    def on_connected(self, frame):
        self.told.put(("connected", None))

    def on_error(self, frame):
        self.told.put(("error", frame.headers["message"]))

    def on_receipt(self, frame):
        self.told.put(("receipt", frame.headers["receipt-id"]))

    def on_message(self, frame):
        self.told.put(("message", frame))

    def connect(self, passcode):
        self.connection.connect(self.who, passcode)
        kind, value = self.told.get(timeout=PATIENCE)
        return value if kind == "error" else None

    def hear(self):
        kind, value = self.told.get(timeout=PATIENCE)
        if kind == "message":
            self.unread[value.headers["subscription"]].append(value)
        elif kind == "error":
            raise RuntimeError(value)
        return kind, value

    # A frame that fails gets its problem in the place of a receipt.
    def answered(self, say):
        self.receipts += 1
        receipt = f"r-{self.receipts}"
        say(receipt)
        while True:
            kind, value = self.hear()
            if (kind, value) == ("receipt", receipt):
                return
            if kind == "message" and value.headers["subscription"] == "problems":
                return

    def next(self, of):
        while not self.unread[of]:
            self.hear()
        self.latest[of] = self.unread[of].pop(0)
        return self.latest[of]

    def take(self, step):
        do, connection = step["do"], self.connection
        if do == "subscribe":
            name, ack = step["as"], step.get("ack", "auto")
            self.unread[name] = []
            self.answered(lambda receipt: connection.subscribe(step["destination"], name, ack, receipt=receipt))
        elif do == "send":
            more = {"transaction": step["transaction"]} if "transaction" in step else {}
            body = json.dumps(step["payload"])
            self.answered(
                lambda receipt: connection.send(step["destination"], body, "application/json", receipt=receipt, **more)
            )
        elif do == "next":
            frame = self.next(step["of"])
            return [seen(self.who, step["of"], frame)]
        elif do == "rest":
            self.answered(lambda receipt: connection.send("/topic/nobody", "", receipt=receipt))
            left = len(self.unread[step["of"]])
            self.unread[step["of"]] = []
            return [{"who": self.who, "of": step["of"], "left": left}]
        elif do in ("ack", "nack"):
            ack = self.latest[step["of"]].headers["ack"]
            self.answered(lambda receipt: getattr(connection, do)(ack, receipt=receipt))
        elif do in ("begin", "commit", "abort"):
            self.answered(lambda receipt: getattr(connection, do)(step["transaction"], receipt=receipt))
        elif do == "unsubscribe":
            self.answered(lambda receipt: connection.unsubscribe(step["of"], receipt=receipt))
        elif do == "disconnect":
            connection.disconnect()
        return []


def seen(who, of, frame):
    headers, payload = frame.headers, frame.body
    if headers.get("content-type", "").startswith("application/json"):
        payload = json.loads(payload)
    if isinstance(payload, dict) and "code" in payload:
        payload = {"code": payload["code"], "destination": payload.get("destination")}
    return {
        "who": who,
        "of": of,
        "destination": headers["destination"],
        "payload": payload,
        "redelivered": headers.get("redelivered") == "true",
    }


actors, transcript = {}, []
for step in json.loads(sys.argv[2]):
    if step["do"] != "connect":
        transcript += actors[step["who"]].take(step)
        continue
    actor = Actor(step["who"])
    refused = actor.connect(step["passcode"])
    if refused is None:
        actors[step["who"]] = actor
    else:
        transcript.append({"who": step["who"], "refused": refused})
print(json.dumps(transcript))
