import ArgumentParser
import Foundation
import NodeCrypto
import NodeDomain
import P2PCore
import P2PTransport
import TestSupport

/// A node of the network without a bus: transport, identify, ping and gossip, told what to do by lines of JSON.
@main
struct P2PRig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "P2PRig", abstract: "Connects, gossips and answers, for the script beside it.",
        subcommands: [Listen.self, Dial.self])

    static func main() async { await runRig() }
}

/// Waits for others.
struct Listen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes calls at an address and prints what happens.")
    @OptionGroup var options: NodeOptions
    @Option(help: "Where.") var address = "/ip4/127.0.0.1/tcp/0"

    func run() async throws {
        try await options.run(listeningOn: try Multiaddress(text: address), calling: nil)
    }
}

/// Calls somebody.
struct Dial: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Calls an address and prints what happens.")
    @OptionGroup var options: NodeOptions
    @Argument(help: "Whom: /ip4/…/tcp/…/p2p/…") var address: String

    func run() async throws {
        try await options.run(listeningOn: nil, calling: try Multiaddress(text: address))
    }
}

/// Faults that the script must find.
enum Plant: String, ExpressibleByArgument, CaseIterable {
    /// Nobody is told what need not be sent.
    case noIdontwant = "no-idontwant"
    /// Something is kept of every connection.
    case leak
    /// Strangers may stay as long, and come in such numbers, as they like.
    case patient
}

/// What all commands have in common.
struct NodeOptions: ParsableArguments {
    @Option(help: "The network's prologue, in base 16.") var prologue = ""
    @Option(help: "Of the key; 0: a new one.") var seed: UInt64 = 0
    @Option(help: "A topic to be of.") var topic: [String] = []
    @Option(help: "A fault to have.") var plant: Plant?
    @Flag(help: "Messages have no authors.") var unsigned = false

    func run(listeningOn listen: Multiaddress?, calling: Multiaddress?) async throws {
        let node = try RigNode(self)
        if let listen {
            let bound = try await node.transport.listen(on: listen)
            let address = Multiaddress(bound.host, port: bound.port, peer: node.own)
            Line(event: "listening", peer: node.own.text, address: address.text).say()
        } else {
            Line(event: "listening", peer: node.own.text).say()
        }
        if let calling { node.transport.dial(calling) }
        await node.obey()
        try await node.transport.stop()
    }

    /// Thirty-two bytes of the seed, the first in the highest place; of chance when that is 0.
    func key() throws -> SigningKey {
        var bytes = Secrets.random(Bytes32.count)
        if seed != 0 {
            bytes = [UInt8](repeating: 0, count: 24) + withUnsafeBytes(of: seed.bigEndian) { Array($0) }
        }
        guard let key = SigningKey(seed: SecretBytes(taking: &bytes)) else { throw RigFault("no key") }
        return key
    }

    func settings(_ about: Identify) throws -> TransportSettings {
        guard let prologue = Hexadecimal.bytes(of: prologue) else {
            throw RigFault("the prologue is not base 16")
        }
        var settings = TransportSettings(
            prologue: prologue, protocols: RigNode.gossipProtocols + [RigNode.echo], about: about)
        settings.limits.lasting = Set(RigNode.gossipProtocols)
        if plant == .patient {
            settings.pending.all = .max
            settings.pending.ofOne = .max
            settings.connections = .max
            settings.limits.handshake = Milliseconds.hour
        }
        return settings
    }
}

/// What went wrong.
struct RigFault: Error, CustomStringConvertible {
    let description: String

    init(_ text: String) { description = text }
}
