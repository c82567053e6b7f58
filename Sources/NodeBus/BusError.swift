/// Why a call, stream, event or session did not end as wished.
package struct BusError: Error, Sendable, CustomStringConvertible {
    /// The reason; raw values are those of `spacenode.bus.v1.Status`, and may be newer than this list.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt32

        /// A status from the wire.
        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        package static let busy = Code(rawValue: 2)
        package static let noRoute = Code(rawValue: 3)
        package static let notReady = Code(rawValue: 4)
        package static let expired = Code(rawValue: 5)
        package static let peerLost = Code(rawValue: 6)
        package static let routerLost = Code(rawValue: 7)
        package static let forbidden = Code(rawValue: 8)
        package static let tooLarge = Code(rawValue: 9)
        package static let version = Code(rawValue: 10)
        package static let schema = Code(rawValue: 11)
        package static let cancelled = Code(rawValue: 12)
        package static let unknownType = Code(rawValue: 13)
        package static let unknownSession = Code(rawValue: 14)
        package static let badFrame = Code(rawValue: 15)
        package static let duplicate = Code(rawValue: 16)
        package static let credit = Code(rawValue: 17)
        package static let lost = Code(rawValue: 18)
        package static let superseded = Code(rawValue: 19)
        package static let unauthorized = Code(rawValue: 20)
        package static let keyHeld = Code(rawValue: 21)
        package static let limit = Code(rawValue: 22)
        package static let draining = Code(rawValue: 23)
        package static let failed = Code(rawValue: 24)
        package static let late = Code(rawValue: 25)

        /// Whether it is unknown if the request was carried out.
        package var leavesOutcomeUnknown: Bool {
            self == .expired || self == .peerLost || self == .routerLost
        }

        /// Whether an idempotent request may be sent again.
        var allowsRetry: Bool {
            self == .busy || self == .notReady || self == .peerLost || self == .routerLost
        }
    }

    package let code: Code
    /// What is wrong and what to do.
    package let text: String
    /// When it may be tried again, 0: not said.
    package let retryAfterMilliseconds: UInt32
    /// The limit that was met, and what there was; 0: none.
    package let limit: UInt64
    package let actual: UInt64

    /// An error with its cure.
    package init(
        _ code: Code, _ text: String, retryAfterMilliseconds: UInt32 = 0, limit: UInt64 = 0,
        actual: UInt64 = 0
    ) {
        self.code = code
        self.text = text
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.limit = limit
        self.actual = actual
    }

    package var description: String {
        "\(code.name): \(text)"
    }
}

extension BusError.Code {
    /// The status in capitals, as docs/protocol/bus.md writes it.
    package var name: String {
        let names = [
            "?", "OK", "BUSY", "NO_ROUTE", "NOT_READY", "EXPIRED", "PEER_LOST", "ROUTER_LOST", "FORBIDDEN",
            "TOO_LARGE",
            "VERSION", "SCHEMA", "CANCELLED", "UNKNOWN_TYPE", "UNKNOWN_SESSION", "BAD_FRAME", "DUPLICATE",
            "CREDIT",
            "LOST", "SUPERSEDED", "UNAUTHORIZED", "KEY_HELD", "LIMIT", "DRAINING", "FAILED", "LATE",
        ]
        return rawValue < UInt32(names.count) ? names[Int(rawValue)] : "status \(rawValue)"
    }
}

/// Roles that come with the node.
///
/// Raw values are those of `spacenode.bus.v1.Role`.
package struct BusRole: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32

    /// A role by number; 32 to 62 are a deployment's own.
    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let storage = BusRole(rawValue: 2)
    package static let vm = BusRole(rawValue: 3)
    package static let consensus = BusRole(rawValue: 4)
    package static let signer = BusRole(rawValue: 5)
    package static let mempool = BusRole(rawValue: 6)
    package static let p2p = BusRole(rawValue: 7)
    package static let postWorker = BusRole(rawValue: 8)
    package static let miner = BusRole(rawValue: 9)
    package static let poet = BusRole(rawValue: 10)
    package static let api = BusRole(rawValue: 11)
    package static let `operator` = BusRole(rawValue: 12)
    package static let observer = BusRole(rawValue: 13)
    package static let recorder = BusRole(rawValue: 14)
    package static let example = BusRole(rawValue: 15)

    private static let names = [
        "storage", "vm", "consensus", "signer", "mempool", "p2p", "post-worker", "miner", "poet", "api",
        "operator",
        "observer", "recorder", "example",
    ]

    /// The role's name, as in `DIR/tokens/<role>`.
    package var name: String {
        rawValue >= 2 && rawValue < 2 + UInt32(Self.names.count)
            ? Self.names[Int(rawValue) - 2] : "role-\(rawValue)"
    }

    /// The role of that name, or nil.
    package init?(name: String) {
        guard let index = Self.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: UInt32(index) + 2)
    }
}
