# stomp.py over TCP: prints a line for each thing that a STOMP client counts on and finds.
import queue
import sys
import time

import stomp

ADDRESS = [("127.0.0.1", int(sys.argv[1]))]
QUEUE = "/queue/stomp.py"
told = queue.Queue()


class Listener(stomp.ConnectionListener):
    def on_connected(self, frame):
        told.put(("connected", frame.headers["version"]))

    def on_message(self, frame):
        told.put(("message", frame))

    def on_receipt(self, frame):
        told.put(("receipt", frame.headers["receipt-id"]))

    def on_error(self, frame):
        told.put(("error", frame.headers["message"]))

    def on_disconnected(self):
        told.put(("disconnected", None))


kept = []


def hear(kind):
    for at, (each, value) in enumerate(kept):
        if each == kind:
            del kept[at]
            return value
    while True:
        each, value = told.get(timeout=15)
        if each == kind:
            return value
        if each == "error":
            sys.exit(value)
        kept.append((each, value))


def answered(say):
    answered.count += 1
    receipt = f"r{answered.count}"
    say(receipt)
    assert hear("receipt") == receipt


answered.count = 0


def send(body, **more):
    answered(lambda receipt: connection.send(QUEUE, body, "text/plain", receipt=receipt, **more))


def take(body):
    frame = hear("message")
    assert frame.body == body, frame.body[:40]
    return frame.headers


def connect(passcode):
    fresh = stomp.Connection12(ADDRESS, heartbeats=(3000, 3000))
    fresh.set_listener("check", Listener())
    fresh.connect("guest", passcode)
    return fresh


connect("wrong")
kind, _ = told.get(timeout=15)
assert kind == "error"
print("refused")
hear("disconnected")

connection = connect("guest")
print("connected", hear("connected"))
answered(lambda receipt: connection.subscribe(QUEUE, "1", "client-individual", receipt=receipt))
send("one")
print("receipt")
answered(lambda receipt: connection.ack(take("one")["ack"], receipt=receipt))
print("ack")
send("two")
connection.nack(take("two")["ack"])
again = take("two")
assert again["redelivered"] == "true"
connection.ack(again["ack"])
print("nack")

connection.begin("t")
send("never", transaction="t")
connection.abort("t")
connection.begin("u")
send("first", transaction="u")
send("second", transaction="u")
connection.commit("u")
connection.ack(take("first")["ack"])
connection.ack(take("second")["ack"])
print("transaction")

# Longer than twice the heart-beat interval, after which the server or the client would close a silent connection.
time.sleep(7.5)
assert connection.is_connected()
print("heart-beats")
large = "x" * 1024 * 1024
send(large)
connection.ack(take(large)["ack"])
print("a body of 1 MiB")
connection.disconnect(receipt="bye")
hear("disconnected")
print("disconnected")
