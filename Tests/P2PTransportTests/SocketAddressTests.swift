import NIOCore
import P2PCore
import Testing

import P2PTransport

@Suite("Addresses of sockets")
struct SocketAddressTests {
    @Test("an address is the same after the way there and back")
    func roundTrip() throws {
        for text in [
            "/ip4/192.0.2.1/tcp/7513", "/ip6/2001:db8::1/tcp/65535", "/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/1",
        ] {
            let address = try Multiaddress(text: text)
            let socket = try #require(address.socketAddress)
            #expect(Multiaddress(socket) == address, "\(text)")
        }
    }

    @Test("it is what the system reads, too")
    func meaning() throws {
        let four = try Multiaddress(text: "/ip4/192.0.2.1/tcp/7513")
        #expect(four.socketAddress?.ipAddress == "192.0.2.1")
        #expect(four.socketAddress?.port == 7513)
        let six = try Multiaddress(text: "/ip6/2001:db8::1/tcp/7513")
        #expect(six.socketAddress?.ipAddress == "2001:db8::1")
    }

    @Test("IPv4 over a socket of IPv6 is IPv4")
    func mapped() throws {
        let socket = try SocketAddress(ipAddress: "::ffff:192.0.2.1", port: 5)
        #expect(Multiaddress(socket) == (try Multiaddress(text: "/ip4/192.0.2.1/tcp/5")))
    }

    @Test("a subscriber of IPv6 is one origin, whatever address it takes")
    func origins() throws {
        let addresses = try [
            "/ip6/2001:db8::1/tcp/1", "/ip6/2001:db8::ffff:1/tcp/2", "/ip6/2001:db8:0:1::1/tcp/1",
        ]
        .map { try Multiaddress(text: $0).origin }
        #expect(addresses[0] == addresses[1])
        #expect(addresses[0] != addresses[2])
    }

    @Test("names have no address of a socket, and sockets of files none of ours")
    func names() throws {
        #expect(try Multiaddress(text: "/dns4/example.org/tcp/1").socketAddress == nil)
        #expect(Multiaddress(try SocketAddress(unixDomainSocketPath: "/tmp/x")) == nil)
    }
}
