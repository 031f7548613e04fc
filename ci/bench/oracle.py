"""The same broadcast scenario for two engines: `scenario` writes it for vrrplab, `simpy` plays it on SimPy by a model of its own
(nothing of vrrplab in it), `capture` reads the adverts that hosts have received from vrrplab's capture. Both print a line
for each advert that arrives, in the order of events: nanoseconds, receiver, sender."""
import struct
import sys

US, SEC = 1_000, 1_000_000_000
CROSSING = 100 * US  # host to switch, and switch to host
CRASHES = (20_500_000_000, 40_500_000_000)  # of the best that is left
END = 60 * SEC


def priority(node):
    return 250 - 2 * node


def scenario(nodes):
    print(f"duration: {END // SEC}s\nnetworks:\n  lan: {{delay: {CROSSING // US}us, jitter: 0us, loss: 0%}}\nnodes:")
    for n in range(nodes):
        print(f"  n{n}:\n    interfaces:\n      eth0: {{network: lan, addresses: [10.0.0.{n + 1}/24]}}\n    vrrp:")
        print(f"      - {{instance: VI, interface: eth0, vrid: 51, priority: {priority(n)}, vips: [10.0.0.250/24]}}")
    print("timeline:")
    for n, at in enumerate(CRASHES):
        print(f"  - {{at: {at // 1_000_000}ms, do: {{crash: n{n}}}}}")


def simpy_trace(nodes):
    import simpy

    env = simpy.Environment()

    class Router:
        def __init__(self, number):
            self.number, self.alive, self.master = number, True, False
            self.down = 3 * SEC + (256 - priority(number)) * 1_000_000 // 256 * US
            self.deadline = self.down
            env.process(self.live())

        def live(self):
            while not self.master:
                yield env.timeout(self.deadline - env.now)
                self.master = env.now >= self.deadline
            while self.alive:
                for other in routers:
                    if other is not self:
                        arrival = env.timeout(2 * CROSSING, other)
                        arrival.callbacks.append(lambda event: event.value.hear(self))
                yield env.timeout(SEC)

        def hear(self, sender):
            if self.alive:
                print(env.now, f"n{self.number}", f"n{sender.number}")
                self.deadline = env.now + self.down

    def crashes():
        for number, at in enumerate(CRASHES):
            yield env.timeout(at - env.now)
            routers[number].alive = False

    routers = [Router(number) for number in range(nodes)]
    env.process(crashes())
    env.run(until=END)


def options(body):
    while len(body) >= 4:
        code, length = struct.unpack("<HH", body[:4])
        if code == 0:
            return
        yield code, body[4 : 4 + length]
        body = body[4 + (length + 3) // 4 * 4 :]


def capture(path):
    with open(path, "rb") as file:
        rest = file.read()
    names, hosts, at = [], {}, 0
    while at < len(rest):
        kind, length = struct.unpack("<II", rest[at : at + 8])
        body = rest[at + 8 : at + length - 4]
        at += length
        if kind == 1:  # interface
            found = dict(options(body[8:]))
            assert found.get(9) == b"\x09", "timestamps are nanoseconds"
            names.append(found[2].decode().split(":")[0])
        elif kind == 6:  # packet
            interface, high, low, size, _ = struct.unpack("<IIIII", body[:20])
            frame = body[20 : 20 + size]
            flags = dict(options(body[20 + (size + 3) // 4 * 4 :]))[2]
            if frame[12:14] != b"\x08\x00" or frame[23] != 112:
                continue
            source = frame[26:30]
            if flags[0] & 3 == 2:  # on its way out
                hosts[source] = names[interface]
            elif flags[0] & 3 == 1:
                print(high << 32 | low, names[interface], hosts[source])


if sys.argv[1] == "scenario":
    scenario(int(sys.argv[2]))
elif sys.argv[1] == "simpy":
    simpy_trace(int(sys.argv[2]))
else:
    capture(sys.argv[2])
