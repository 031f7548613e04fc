// ns-3 at the work of ci/bench/peers.sh, on its simple channel, layer 2 only: HOSTS SECONDS; one line: deliveries, timers that
// expired, microseconds.
#include "ns3/core-module.h"
#include "ns3/network-module.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace ns3;

static unsigned long delivered, expired;

struct Host
{
    Ptr<NetDevice> device;
    Time patience;
    EventId timer;

    void Wait()
    {
        timer = Simulator::Schedule(patience, &Host::Expire, this);
    }
    void Expire()
    {
        expired++;
        Wait();
    }
    bool Hear(Ptr<NetDevice>, Ptr<const Packet>, uint16_t, const Address&)
    {
        delivered++;
        timer.Cancel();
        Wait();
        return true;
    }
    void Send()
    {
        static const uint8_t bytes[40] = {0x31};
        device->Send(Create<Packet>(bytes, sizeof bytes), device->GetBroadcast(), 0x0800);
        Simulator::Schedule(Seconds(1), &Host::Send, this);
    }
};

int main(int argc, char** argv)
{
    if (argc != 3)
    {
        return 2;
    }
    const unsigned count = std::atoi(argv[1]), seconds = std::atoi(argv[2]);
    NodeContainer nodes;
    nodes.Create(count);
    SimpleNetDeviceHelper helper;
    helper.SetChannelAttribute("Delay", TimeValue(MicroSeconds(100)));
    const NetDeviceContainer devices = helper.Install(nodes);
    std::vector<Host> hosts(count);
    for (unsigned i = 0; i < count; i++)
    {
        hosts[i].device = devices.Get(i);
        hosts[i].patience = MilliSeconds(3000 + i % 256 * 4);
        hosts[i].device->SetReceiveCallback(MakeCallback(&Host::Hear, &hosts[i]));
        if (i > 0)
        {
            hosts[i].Wait();
        }
    }
    Simulator::Schedule(Seconds(1), &Host::Send, &hosts[0]);
    Simulator::Stop(Seconds(seconds) + MilliSeconds(500));
    const auto began = std::chrono::steady_clock::now();
    Simulator::Run();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
    std::printf("%lu %lu %.0f\n", delivered, expired, took.count());
    std::fflush(stdout);
    std::_Exit(0);
}
