"""Sends packets that no virtual router 51 can use, at a rate: malformed ones, oversized ones, those of other virtual routers.
Usage: python3 flood.py INTERFACE PACKETS_A_SECOND SECONDS. Prints how many went in how long. Needs root; for namespaces only.
"""
import ctypes
import os
import random
import socket
import struct
import sys
import time

GROUP, SOURCE = socket.inet_aton("224.0.0.18"), socket.inet_aton("10.9.0.3")
AT_ONCE = 64  # so many go by one system call


class Piece(ctypes.Structure):
    """An iovec of Linux."""

    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class Message(ctypes.Structure):
    """A mmsghdr of Linux."""

    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("pieces", ctypes.POINTER(Piece)),
        ("piece_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("sent", ctypes.c_uint),
    ]


def checksum(data):
    """The internet checksum."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(payload, ttl=255, protocol=112, flags=0, length=None):
    """A frame with an IPv4 packet to the group; `length` is what its header says of it."""
    total = 20 + len(payload) if length is None else length
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0xC0, total, random.randrange(65536), flags, ttl, protocol, 0, SOURCE, GROUP)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return bytes.fromhex("01005e0000120200000000030800") + head + payload


def advert(first=0x31, vrid=7, priority=254, count=1, addresses=1, right=True):
    """A VRRPv3 advert; it says that it has `count` addresses, and has `addresses`."""
    body = struct.pack("!BBBBHH", first, vrid, priority, count, 100, 0) + bytes([10, 9, 0, 99]) * addresses
    pseudo = SOURCE + GROUP + struct.pack("!BBH", 0, 112, len(body))
    return body[:6] + struct.pack("!H", checksum(pseudo + body) ^ (0 if right else 0x55)) + body[8:]


def useless():
    """One of each kind."""
    random.seed(1)
    kinds = [packet(bytes(n)) for n in range(8)]
    kinds += [packet(random.randbytes(n)[:1] + b"\7" + random.randbytes(n)) for n in (6, 12, 40, 200)]
    kinds += [packet(advert(first=version << 4 | 1)) for version in (0, 1, 2, 4, 9, 15)]
    kinds += [packet(advert(first=0x30 | kind)) for kind in (0, 2, 15)]
    kinds += [packet(advert(vrid=vrid)) for vrid in (0, 1, 50, 52, 255)]
    kinds += [packet(advert(), ttl=ttl) for ttl in (1, 64, 254)]
    kinds += [packet(advert(right=False)), packet(advert(count=255)), packet(advert(count=0, addresses=0))]
    kinds += [packet(advert(count=255, addresses=255)), packet(advert(addresses=360)), packet(bytes(1480))]
    kinds += [packet(advert(), length=n) for n in (21, 27, 1500, 65535)]
    kinds += [packet(advert(addresses=200), flags=0x2000), packet(advert(addresses=200), flags=0x1FFF)]
    return kinds


def pour(interface, kinds, wanted, rate):
    """Sends so many."""
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((interface, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    messages = (Message * AT_ONCE)()
    for message, kind in zip(messages, kinds * AT_ONCE):
        message.pieces, message.piece_count = ctypes.pointer(Piece(kind, len(kind))), 1
    sent, begun = 0, time.monotonic()
    while sent < wanted:
        done = libc.sendmmsg(out.fileno(), messages, min(AT_ONCE, wanted - sent), 0)
        if done < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        sent += done
        rest = begun + sent / rate - time.monotonic()
        if rest > 0.001:
            time.sleep(rest)


def main(interface, rate, seconds):
    """Two processes send half of them each."""
    kinds = useless()
    random.shuffle(kinds)
    half, begun = rate * seconds // 2, time.monotonic()
    other = os.fork()
    pour(interface, kinds, half, rate / 2)
    if other == 0:
        os._exit(0)
    if os.waitpid(other, 0)[1] != 0:
        sys.exit("the other half was not sent")
    print(f"{2 * half} packets of {len(kinds)} useless kinds in {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
