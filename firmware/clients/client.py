#!/usr/bin/env python3
"""A host for a ScaleIQ device in Python, written from core/SPEC.md; it needs nothing but Python.

    client.py PORT status                      how the device is
    client.py PORT sample ARRIVALS READY       half a minute in which so many events came, and none wait
    client.py PORT forget                      begin anew with what was set
    client.py PORT save FILE                   what it has learned, into a file
    client.py PORT restore FILE                and back, such as after the power was off
    client.py PORT upload PACK [SIGNATURE]     another model
    client.py decode FRAME...                  frames in hex as JSON, a line each
"""
import json, os, random, select, sys, termios, time, tty

from wire import frame, unframe

PATIENCE_S, TRIES, CHUNK = 5, 5, 256


class Device:
    def __init__(self, port):
        self.line = os.open(port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.line)
        attributes = termios.tcgetattr(self.line)
        attributes[4] = attributes[5] = termios.B115200
        termios.tcsetattr(self.line, termios.TCSAFLUSH, attributes)
        self.number = random.randrange(1 << 16)

    def ask(self, message):
        """The answer to a message: sent again until a sound one to this question comes."""
        self.number = self.number % 0xFFFF + 1
        question = b"\0" + frame(self.number, message)
        for _ in range(TRIES):
            os.write(self.line, question)
            got, until = bytearray(), time.monotonic() + PATIENCE_S
            while (left := until - time.monotonic()) > 0:
                if select.select([self.line], [], [], left)[0]:
                    got += os.read(self.line, 4096)
                *frames, got = got.split(b"\0")
                for each in filter(None, frames):
                    try:
                        number, answer = unframe(each)
                    except ValueError as error:
                        print(error, file=sys.stderr)
                        continue
                    if number == self.number and isinstance(answer, dict) and "Refused" in answer:
                        raise SystemExit(f"the device refused: {answer['Refused']}")
                    if number == self.number:
                        return answer
        raise SystemExit("no answer")

    def learned(self):
        """All that it has learned; read anew if a sample came in between."""
        while True:
            epoch, data = None, b""
            while part := self.ask({"AskLearned": {"offset": len(data)}})["Learned"]:
                if part["epoch"] != (epoch := part["epoch"] if epoch is None else epoch):
                    break
                if not part["bytes"]:
                    return data
                data += bytes(part["bytes"])

    def upload(self, kind, data):
        self.ask({"UploadBegin": {"length": len(data), "kind": kind}})
        for at in range(0, len(data), CHUNK):
            self.ask({"UploadChunk": {"offset": at, "bytes": list(data[at:at + CHUNK])}})
        return self.ask("UploadEnd")


def sample(arrivals, ready):
    known = {"Known": float(arrivals)}
    return {"Sample": {
        "end": int(time.time()), "interval_s": 30, "arrivals_events": known, "processed_events": known,
        "backlog_events": {"Known": 0.0}, "queued_events": "Missing", "work_ms": "Missing",
        "jobs_ready": int(ready), "jobs_starting": 0,
    }}


def main(port, command, *rest):
    if port == "decode":
        for text in (command, *rest):
            number, message = unframe(bytes.fromhex(text)[:-1])
            assert frame(number, message) == bytes.fromhex(text), "it is written otherwise"
            print(json.dumps(message))
        return
    device = Device(port)
    if command == "save":
        with open(rest[0], "wb") as file:
            file.write(device.learned())
    elif command in ("restore", "upload"):
        data = b"".join(open(path, "rb").read() for path in rest)
        print(json.dumps(device.upload("Model" if command == "upload" else "Learned", data)))
    else:
        message = sample(*rest) if command == "sample" else {"status": "Ask", "forget": "Forget"}[command]
        print(json.dumps(device.ask(message)))


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) > 2 else sys.exit(__doc__)
