/// Which questions "is my port open?" are answered: one host is dialled at most once in ten minutes, and only the one
/// that the question came from, so that nobody is made to dial others.
package struct DialBacks: Sendable {
    /// Hosts that are remembered; while all were dialled lately no other one is.
    static let mostHosts = 256

    private var dialled: [(host: Multiaddress.Host, time: UInt64)] = []
    private let allowsLocal: Bool

    /// None yet.
    package init(allowsLocal: Bool = false) {
        self.allowsLocal = allowsLocal
    }

    /// Whether a peer may be dialled back.
    /// - Parameters:
    ///   - port: what it asks for.
    ///   - host: where its connection comes from.
    ///   - now: milliseconds.
    /// - Returns: where to dial; nil: the question is refused.
    package mutating func target(
        port: UInt16, from host: Multiaddress.Host, now: UInt64
    ) -> Multiaddress? {
        // Below 1024 are services of others: mail, names, databases' neighbours.
        guard port >= 1_024, allowsLocal || host.isGlobal else { return nil }
        dialled.removeAll { Milliseconds.since($0.time, now: now) >= OwnAddresses.checkPause }
        guard dialled.count < Self.mostHosts, !dialled.contains(where: { $0.host == host }) else {
            return nil
        }
        dialled.append((host, now))
        return Multiaddress(host, port: port)
    }
}
