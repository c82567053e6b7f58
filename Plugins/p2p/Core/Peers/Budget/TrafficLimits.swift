/// What a node may send and take in; bytes of a second.
package struct TrafficLimits: Hashable, Sendable {
    /// Bytes that any second may send, to all peers on the Internet together; 0: any number.
    package var up: UInt64 = 125_000
    /// Bytes a second that are taken in, of all peers on the Internet together, with a burst of one second more;
    /// 0: any number.
    package var down: UInt64 = 625_000
    /// Bytes a second that are taken in of one peer on the Internet, if the line's cap is not more.
    package var downPerPeer: UInt64 = 625_000
    /// The same of a peer in the house, or where the line has no cap.
    package var downPerNeighbour: UInt64 = 8 << 20
    /// Seconds' worth that a peer may send at once: a whole block with its certificate, several times.
    package var burst: UInt64 = 8
    /// Of so many parts of the cap one is each peer's own for what consensus needs; 0: none is.
    ///
    /// With a burst of six seconds more. So a few that send much cannot keep out the many that send little.
    package var parts: UInt64 = 48
    /// Hundredths of a cap up to which a class may go, by class in order of importance.
    ///
    /// What is left belongs to the more important ones, so under the cap the past starves first and control last. The
    /// past gets a quarter at most: who catches up must not slow down who is there.
    package var shares: [UInt64] = [100, 98, 95, 90, 80, 70, 25]

    /// The defaults: 1 Mbit/s up and 5 Mbit/s down.
    package init() {}

    /// Bytes a second that are taken in of a peer.
    func rate(isLocal: Bool) -> UInt64 {
        min(isLocal || down == 0 ? downPerNeighbour : max(downPerPeer, down), 1 << 30)
    }

    /// Bytes of a second's cap up to which a class may go.
    func ceiling(_ messageClass: MessageClass, of cap: UInt64) -> UInt64 {
        let place = Int(messageClass.rawValue)
        return cap / 100 * (place < shares.count ? min(shares[place], 100) : 0)
    }
}
