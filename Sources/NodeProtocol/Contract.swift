package import SwiftProtobuf

/// How a method moves over the bus (docs/protocol/bus.md §5–§7).
package enum Pattern: UInt8, Sendable {
    case call = 1
    case event = 2
    case downStream = 3
    case upStream = 4
}

/// Traffic classes, each with its own credit.
///
/// Raw values are those of `spacenode.bus.v1.TrafficClass`.
package enum TrafficClass: UInt32, Sendable, CaseIterable {
    case control = 1
    case urgent = 2
    case normal = 3
    case bulk = 4
}

/// What the contract says about one message type.
///
/// A class: it goes with every call, and a copy of its three strings costs more than sending the frame.
package final class MethodInfo: Sendable {
    /// Full name, `spacenode.example.v1.Example/Echo`.
    package let name: String
    /// Contract number << 16 | method number.
    package let type: UInt32
    package let pattern: Pattern
    package let trafficClass: TrafficClass
    /// Default deadline.
    package let ttlMilliseconds: UInt32
    /// Whether the SDK may send it again after BUSY, PEER_LOST or ROUTER_LOST.
    package let isIdempotent: Bool
    /// Shown and recorded as length and hash only.
    package let isSensitive: Bool
    /// Largest frame, in bytes.
    package let maxBytes: Int
    /// First four bytes of the contract's schema hash.
    package let schema: UInt32
    /// Full names of the messages.
    package let input: String
    package let output: String

    /// Creates the description; called by generated code and by contracts made at run time.
    package init(
        name: String, type: UInt32, pattern: Pattern, trafficClass: TrafficClass, ttlMilliseconds: UInt32,
        isIdempotent: Bool, isSensitive: Bool, maxBytes: Int, schema: UInt32, input: String, output: String
    ) {
        self.name = name
        self.type = type
        self.pattern = pattern
        self.trafficClass = trafficClass
        self.ttlMilliseconds = ttlMilliseconds
        self.isIdempotent = isIdempotent
        self.isSensitive = isSensitive
        self.maxBytes = maxBytes
        self.schema = schema
        self.input = input
        self.output = output
    }
}

/// One contract: a service of `Protos/` with its number, version and schema.
package struct ContractInfo: Sendable {
    /// Full name of the service.
    package let name: String
    package let number: UInt32
    package let minor: UInt32
    package let schema: UInt32
    package let methods: [MethodInfo]
    /// A `google.protobuf.FileDescriptorSet` with all that the methods need, in base64.
    package let descriptorSetBase64: String

    /// Creates the description; called by generated code and by contracts made at run time.
    package init(
        name: String, number: UInt32, minor: UInt32, schema: UInt32, methods: [MethodInfo],
        descriptorSetBase64: String
    ) {
        self.name = name
        self.number = number
        self.minor = minor
        self.schema = schema
        self.methods = methods
        self.descriptorSetBase64 = descriptorSetBase64
    }
}

/// A request with one reply.
package struct CallMethod<Request: Message, Reply: Message>: Sendable {
    package let info: MethodInfo

    /// Ties the message types to the method's description.
    package init(info: MethodInfo) {
        self.info = info
    }
}

/// Something published by the provider to all who subscribed.
package struct EventMethod<Subscription: Message, Event: Message>: Sendable {
    package let info: MethodInfo

    /// Ties the message types to the method's description.
    package init(info: MethodInfo) {
        self.info = info
    }
}

/// A request answered by a stream of items.
package struct DownStreamMethod<Request: Message, Item: Message>: Sendable {
    package let info: MethodInfo

    /// Ties the message types to the method's description.
    package init(info: MethodInfo) {
        self.info = info
    }
}

/// A stream of items sent to the provider, answered by one reply.
package struct UpStreamMethod<Item: Message, Reply: Message>: Sendable {
    package let info: MethodInfo

    /// Ties the message types to the method's description.
    package init(info: MethodInfo) {
        self.info = info
    }
}
