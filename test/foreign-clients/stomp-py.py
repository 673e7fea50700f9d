# Checks the features of the server with stomp.py over TCP, and prints a line for each one that works.
import queue
import sys
import time

import stomp

ADDRESS = [("127.0.0.1", int(sys.argv[1]))]
QUEUE = "/queue/stomp.py"
events = queue.Queue()


class Listener(stomp.ConnectionListener):
    def on_connected(self, frame):
        events.put(("connected", frame.headers["version"]))

    def on_message(self, frame):
        events.put(("message", frame))

    def on_receipt(self, frame):
        events.put(("receipt", frame.headers["receipt-id"]))

    def on_error(self, frame):
        events.put(("error", frame.headers["message"]))

    def on_disconnected(self):
        events.put(("disconnected", None))


skipped = []


def wait_for(kind):
    for at, (each, value) in enumerate(skipped):
        if each == kind:
            del skipped[at]
            return value
    while True:
        each, value = events.get(timeout=15)
        if each == kind:
            return value
        if each == "error":
            sys.exit(value)
        skipped.append((each, value))


def with_receipt(send_frame):
    with_receipt.count += 1
    receipt = f"r{with_receipt.count}"
    send_frame(receipt)
    assert wait_for("receipt") == receipt


with_receipt.count = 0


def send(body, **more):
    with_receipt(lambda receipt: connection.send(QUEUE, body, "text/plain", receipt=receipt, **more))


def receive(body):
    frame = wait_for("message")
    assert frame.body == body, frame.body[:40]
    return frame.headers


def connect(passcode):
    new_connection = stomp.Connection12(ADDRESS, heartbeats=(3000, 3000))
    new_connection.set_listener("check", Listener())
    new_connection.connect("guest", passcode)
    return new_connection


connect("wrong")
kind, _ = events.get(timeout=15)
assert kind == "error"
print("refused")
wait_for("disconnected")

connection = connect("guest")
print("connected", wait_for("connected"))
with_receipt(lambda receipt: connection.subscribe(QUEUE, "1", "client-individual", receipt=receipt))
send("one")
print("receipt")
with_receipt(lambda receipt: connection.ack(receive("one")["ack"], receipt=receipt))
print("ack")
send("two")
connection.nack(receive("two")["ack"])
again = receive("two")
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
connection.ack(receive("first")["ack"])
connection.ack(receive("second")["ack"])
print("transaction")

# Longer than twice the heart-beat interval, after which the server or the client would close a silent connection.
time.sleep(7.5)
assert connection.is_connected()
print("heart-beats")
large = "x" * 1024 * 1024
send(large)
connection.ack(receive(large)["ack"])
print("a body of 1 MiB")
connection.disconnect(receipt="bye")
wait_for("disconnected")
print("disconnected")
