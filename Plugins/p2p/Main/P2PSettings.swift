internal import Foundation
internal import NodeCommand
internal import NodeConfiguration
internal import P2PCore

/// The network's configuration, with the defaults of config/p2p.yaml filled in.
struct P2PSettings: Sendable {
    /// From the port base to this plugin's port.
    private static let portOffset = 10

    /// Where others may call.
    let listen: [Multiaddress]
    /// Whom to call.
    let peers: [Multiaddress]
    /// What others are told of where this node is; empty: where enough of them see it.
    let announce: [Multiaddress]
    let isPrivate: Bool
    let maxPeers: Int
    /// Whether addresses count that only a house or a lab reaches.
    let isLocal: Bool
    /// Of the line.
    let traffic: TrafficLimits
    /// Where the address book and the bans are kept.
    let folder: String

    /// - Throws: `CommandFault` for an address that is none.
    init(_ file: P2PFile, file path: String, folder: String) throws {
        let base = ProcessInfo.processInfo.environment["SPACENODE_PORT_BASE"].flatMap { UInt16($0) }
        let port = (base ?? UInt16(NodeFile.usualPortBase)).addingReportingOverflow(UInt16(Self.portOffset))
        let everywhere = Multiaddress(.ip4(0), port: port.overflow ? 0 : port.partialValue)
        listen = try file.listen.map { try Self.read($0, "listen", path) } ?? [everywhere]
        peers = try Self.read(file.peers, "peers", path)
        announce = try Self.read(file.announce, "announce", path)
        isPrivate = file.isPrivate ?? false
        maxPeers = file.maxPeers ?? 40
        isLocal = file.isLocal ?? false
        var traffic = TrafficLimits()
        if let upload = file.maxUpload { traffic.up = UInt64(upload) * 1_000 }
        if let download = file.maxDownload { traffic.down = UInt64(download) * 1_000 }
        self.traffic = traffic
        self.folder = folder
    }

    private static func read(_ texts: [String], _ key: String, _ path: String) throws -> [Multiaddress] {
        try texts.map { text in
            do {
                return try Multiaddress(text: text)
            } catch {
                throw CommandFault("\(path): `\(key)` has \(text): \(error): write /ip4/192.0.2.1/tcp/7610")
            }
        }
    }
}
