extension P2PNode {
    /// What it is set up with.
    package struct Settings: Sendable {
        /// This node's key.
        package var own: PeerID
        /// The first 8 hexadecimal digits of the genesis id, which stand in the names of topics and protocols.
        package var network: String
        /// The genesis id's 20 bytes, which members of the committee sign with.
        package var genesis: [UInt8] = []
        /// Where things stand in tables that strangers fill: random and secret.
        package var key = KeyedHash(key0: 0, key1: 0)
        /// Connections at most; those to named peers do not count.
        package var mostPeers = 40
        /// Whether only named peers are dialled and taken.
        package var isPrivate = false
        /// Whether addresses count that only a lab or a house reaches, where all are in one part of the network.
        package var allowsLocal = false
        /// What others are told of where this node is; empty: what enough others see.
        package var announced: [Multiaddress] = []
        /// The port that is listened at; nil: none.
        package var port: UInt16?
        /// Bytes of all frames that wait to be sent, to all peers together.
        package var mostWaiting = 32 << 20
        /// Of gossip.
        package var gossip = GossipParameters()
        /// Of the line.
        package var traffic = TrafficLimits()
        /// Bytes a second that answers to requests may take: a quarter of 1 Mbit/s.
        package var answerRate: UInt64 = 31_250

        /// Of these.
        package init(own: PeerID, network: String) {
            self.own = own
            self.network = network
        }

        /// Of the book.
        package var book: PeerBookParameters {
            var parameters = PeerBookParameters()
            (parameters.allowsLocal, parameters.isGrouped) = (allowsLocal, !allowsLocal)
            return parameters
        }

        /// Of forty connections this node makes twelve itself; of fewer a third.
        var dialler: DiallerParameters {
            var parameters = DiallerParameters()
            parameters.isGroupUnique = !allowsLocal
            guard mostPeers < 3 * parameters.outbound else { return parameters }
            parameters.relay = min(parameters.relay, (mostPeers + 2) / 3)
            (parameters.headerOnly, parameters.anchors) = (0, 0)
            return parameters
        }

        var gate: GateLimits {
            var limits = GateLimits()
            limits.isGrouped = !allowsLocal
            limits.inbound = max(0, mostPeers - dialler.outbound)
            return limits
        }
    }
}
