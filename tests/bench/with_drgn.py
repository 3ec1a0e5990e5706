"""What drgn is measured with: the types of a vmlinux, and a walk of the tasks of a stopped guest.

Usage: with_drgn.py types VMLINUX                 prints types, and the peak memory in bytes
       with_drgn.py walk VMLINUX SOCKET COUNT     prints the seconds of each walk, and the number of tasks
"""

import resource
import socket
import sys
import time

import drgn
from drgn.helpers.linux.list import list_for_each_entry


class Stub:
    """The least of the remote serial protocol that reads memory."""

    PIECE = 2040

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.received = b""
        # A guest that was running says that it stopped before it answers.
        self.send("qSupported:")
        while b"PacketSize" not in self.answer():
            pass
        self.ask("QStartNoAckMode")
        self.socket.sendall(b"+")

    def ask(self, packet):
        self.send(packet)
        return self.answer()

    def send(self, packet):
        checksum = sum(packet.encode()) % 256
        self.socket.sendall(f"${packet}#{checksum:02x}".encode())

    def answer(self):
        while True:
            start = self.received.find(b"$")
            end = self.received.find(b"#", start)
            if start >= 0 and 0 <= end <= len(self.received) - 3:
                answer = self.received[start + 1 : end]
                self.received = self.received[end + 3 :]
                return answer
            data = self.socket.recv(65536)
            if not data:
                raise EOFError("the stub closed the connection")
            self.received += data

    def read(self, address, count, offset, physical):
        data = b""
        while len(data) < count:
            size = min(self.PIECE, count - len(data))
            answer = self.ask(f"m{address + len(data):x},{size:x}")
            if answer.startswith(b"E"):
                raise drgn.FaultError("could not read memory", address)
            data += bytes.fromhex(answer.decode())
        return data


def program(vmlinux):
    prog = drgn.Program(
        drgn.Platform(
            drgn.Architecture.X86_64, drgn.PlatformFlags.IS_64_BIT | drgn.PlatformFlags.IS_LITTLE_ENDIAN
        )
    )
    module = prog.extra_module("vmlinux", create=True)
    module = module[0] if isinstance(module, tuple) else module
    module.try_file(vmlinux, force=True)
    return prog


def types(vmlinux):
    prog = program(vmlinux)
    print(prog.type("struct list_head"))
    print(drgn.sizeof(prog.type("struct task_struct")))
    print(hex(prog["init_task"].address_))
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def walk(vmlinux, path, count):
    prog = program(vmlinux)
    prog.add_memory_segment(0, 2**64 - 1, Stub(path).read, False)
    for _ in range(count):
        start = time.perf_counter()
        first = prog["init_task"]
        lines = [f"{first.pid.value_()} {first.comm.string_().decode()}"]
        for task in list_for_each_entry("struct task_struct", first.tasks.address_of_(), "tasks"):
            lines.append(f"{task.pid.value_()} {task.comm.string_().decode()}")
        print(time.perf_counter() - start, len(lines))


if sys.argv[1] == "types":
    types(sys.argv[2])
else:
    walk(sys.argv[2], sys.argv[3], int(sys.argv[4]))
