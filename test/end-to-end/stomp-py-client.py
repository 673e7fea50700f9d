# A stomp.py client: connects, subscribes, says its name, waits for the greeting and heart-beats, and prints what it heard.
import json
import queue
import sys

import stomp

port, version, heartbeats = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
connections = {"1.0": stomp.Connection10, "1.1": stomp.Connection11, "1.2": stomp.Connection12}
heard = {"heartbeats": 0, "receipts": [], "errors": []}
told = queue.Queue()


class Listener(stomp.ConnectionListener):
    def on_connected(self, frame):
        heard["connected"] = frame.headers

    def on_message(self, frame):
        heard["message"] = {"headers": frame.headers, "body": frame.body}
        told.put("message")

    def on_receipt(self, frame):
        heard["receipts"].append(frame.headers["receipt-id"])
        told.put(frame.headers["receipt-id"])

    def on_heartbeat(self):
        heard["heartbeats"] += 1
        told.put("heartbeat")

    def on_error(self, frame):
        heard["errors"].append(frame.headers)
        told.put("error")

    def on_disconnected(self):
        told.put("disconnected")


def wait_for(what, times=1):
    while times > 0:
        each = told.get(timeout=15)
        if each == "error":
            sys.exit(str(heard["errors"]))
        times -= each == what


pulse = {} if version == "1.0" else {"heartbeats": (2000, 2000)}
connection = connections[version]([("127.0.0.1", port)], **pulse)
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
print(json.dumps(heard))
