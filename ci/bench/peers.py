"""SimPy at the work of ci/bench/peers.sh: HOSTS SECONDS; one line: deliveries, timers that expired, microseconds."""

import sys
import time

import simpy

SECOND = 1_000_000_000
LATENCY = 100_000

hosts, seconds = (int(word) for word in sys.argv[1:3])
env = simpy.Environment()
deadline = [0] * hosts
delivered = expired = 0


def patience(host):
    return 3 * SECOND + host % 256 * 4_000_000


def hear(host):
    global delivered
    delivered += 1
    deadline[host] = env.now + patience(host)


def timer(host):
    global expired
    deadline[host] = patience(host)
    while True:
        yield env.timeout(deadline[host] - env.now)
        if env.now >= deadline[host]:
            expired += 1
            deadline[host] = env.now + patience(host)


def sender():
    while True:
        yield env.timeout(SECOND)
        for host in range(1, hosts):
            env.timeout(LATENCY).callbacks.append(lambda _, host=host: hear(host))


env.process(sender())
for host in range(1, hosts):
    env.process(timer(host))
began = time.perf_counter()
env.run(until=seconds * SECOND + SECOND // 2)
print(delivered, expired, round((time.perf_counter() - began) * 1e6))
