"""A mail server for ci/interop/mail.sh: it takes every mail and writes each as one line, in the order of the connections.

Usage: python3 sink.py PORT FILE [mute]     mute: it accepts connections and says nothing
"""
import asyncio
import sys

port, path, mute = int(sys.argv[1]), sys.argv[2], sys.argv[3:] == ["mute"]
mails = []


def write():
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{mail}\n" for mail in mails if mail)


async def serve(reader, writer):
    place = len(mails)
    mails.append("")
    told, text = [], False
    if mute:
        mails[place] = "somebody"
        write()
        await asyncio.sleep(3600)
    writer.write(b"220 sink\r\n")
    while line := (await reader.readline()).decode():
        line = line.rstrip("\r\n")
        word = line.split(":")[0]
        if text and line != ".":
            if word in ("From", "To", "Subject") or line.startswith("=>"):
                told.append(line)
            continue
        if text:
            mails[place] = " | ".join(sorted(told))
            write()
        text = line == "DATA"
        if not text and line not in (".", "QUIT"):
            # one says HELO, the other EHLO
            told.append(line.replace("EHLO", "HELO"))
        writer.write(b"354 go on\r\n" if text else b"250 well\r\n")
        if line == "QUIT":
            break
    writer.close()


async def main():
    write()
    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        await server.serve_forever()


asyncio.run(main())
