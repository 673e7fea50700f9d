# A stomp.py client: connects, subscribes, sends its name, waits for the greeting and heart-beats, and prints the received frames as JSON.
import json
import queue
import sys

import stomp

port, version, heartbeats = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
connections = {"1.0": stomp.Connection10, "1.1": stomp.Connection11, "1.2": stomp.Connection12}
received = {"heartbeats": 0, "receipts": [], "errors": []}
events = queue.Queue()


class Listener(stomp.ConnectionListener):
    def on_connected(self, frame):
        received["connected"] = frame.headers

    def on_message(self, frame):
        received["message"] = {"headers": frame.headers, "body": frame.body}
        events.put("message")

    def on_receipt(self, frame):
        received["receipts"].append(frame.headers["receipt-id"])
        events.put(frame.headers["receipt-id"])

    def on_heartbeat(self):
        received["heartbeats"] += 1
        events.put("heartbeat")

    def on_error(self, frame):
        received["errors"].append(frame.headers)
        events.put("error")

    def on_disconnected(self):
        events.put("disconnected")


def wait_for(event, times=1):
    while times > 0:
        each = events.get(timeout=15)
        if each == "error":
            sys.exit(str(received["errors"]))
        times -= each == event


heartbeat_options = {} if version == "1.0" else {"heartbeats": (2000, 2000)}
connection = connections[version]([("127.0.0.1", port)], **heartbeat_options)
connection.set_listener("test", Listener())
connection.connect(wait=True)
connection.subscribe("/topic/greetings", id="1", receipt="subscribed")
wait_for("subscribed")
connection.send("/app/hello", '{"name": "Zoë"}', receipt="sent")
wait_for("message")
if heartbeats:
    wait_for("heartbeat", heartbeats)
connection.disconnect(receipt="bye")
wait_for("disconnected")
print(json.dumps(received))
